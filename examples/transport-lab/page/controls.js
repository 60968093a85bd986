// The settings. Each control has steps, since what matters is whether there are ten clients or a hundred, not eleven.

import { bytes, milliseconds, perSecond, whole } from "./format.js";
import { text } from "./texts.js";

const controls = [
  { name: "ticksPerSecond", label: text.rate, steps: [0.2, 0.5, 1, 2, 5, 10, 20], format: perSecond },
  { name: "payloadBytes", label: text.payload, steps: [32, 64, 256, 1024, 4096, 16384], format: bytes },
  { name: "clients", label: text.clients, steps: [0, 1, 5, 20, 50, 100, 200, 500, 1000], format: whole },
  {
    name: "pollIntervalMs",
    label: text.interval,
    steps: [100, 200, 500, 1000, 2000, 5000, 10000],
    format: milliseconds,
  },
];

/** Makes the controls; `change` is called with the settings that the reader changes. */
export function createControls(form, change) {
  const shown = controls.map((control) => createControl(form, control, change));
  form.addEventListener("submit", (event) => event.preventDefault());
  /** Shows the settings that hold, which another page may have changed. */
  return (settings) => {
    for (const { name, show } of shown) show(settings[name]);
  };
}

function createControl(form, { name, label, steps, format }, change) {
  const row = document.createElement("label");
  const caption = document.createElement("span");
  caption.textContent = label;
  const output = document.createElement("output");
  const input = document.createElement("input");
  Object.assign(input, { type: "range", id: name, name, min: 0, max: steps.length - 1, step: 1 });
  row.append(caption, output, input);
  form.append(row);
  const say = (value) => {
    output.textContent = format(value);
    input.setAttribute("aria-valuetext", output.textContent);
    row.dataset.value = value;
  };
  // While a control is being moved, what holds elsewhere does not move it.
  let isMoving = false;
  input.addEventListener("input", () => {
    isMoving = true;
    say(steps[input.valueAsNumber]);
  });
  input.addEventListener("change", () => {
    isMoving = false;
    say(steps[input.valueAsNumber]);
    change({ [name]: steps[input.valueAsNumber] });
  });
  const show = (value) => {
    if (isMoving) return;
    const nearest = steps.findLastIndex((step) => step <= value);
    input.value = Math.max(0, nearest);
    say(value);
  };
  return { name, show };
}
