// The page of the room: shows what the server sends, and keeps what it sends until it comes back.
import { RealtimeSocket } from "waterspout/client";

const element = (id) => document.getElementById(id);
const messages = element("messages");
const waiting = element("waiting");
const state = element("state");
const input = element("text");
const me = element("me").textContent;

/** How many messages a page shows that stays open for days. */
const shownMax = 500;
const words = {
  connecting: "connecting…",
  open: "connected",
  waiting: "reconnecting…",
  offline: "offline",
  closed: "disconnected",
};

/** What was written and has not come back, by id: it may not have arrived. */
const unanswered = new Map();

// Asked before every attempt, so that the server knows what this page has seen.
const socket = new RealtimeSocket(() => `/room?after=${messages.lastElementChild?.dataset.id ?? ""}`);

socket.addEventListener("statechange", () => {
  state.dataset.state = socket.state;
  state.textContent = words[socket.state] ?? socket.state;
  state.title = socket.transport ?? "";
});
// What had arrived all the same is known to the server by its id, and not said twice.
socket.addEventListener("open", () => {
  for (const written of unanswered.values()) send(written);
});
socket.addEventListener("message", ({ data }) => show(data));
let isLoggingOut = false;
document.querySelector('form[action="/logout"]').addEventListener("submit", () => {
  isLoggingOut = true;
});
socket.addEventListener("close", ({ code, reason }) => {
  // This page is on its way already, and would lose it by going somewhere else.
  if (isLoggingOut) return;
  // Logged out, in another tab, or the server does not know the login any more.
  if (code === 4401) location.assign("/login");
  else state.textContent = `disconnected: ${reason || code}`;
});

element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (text === "" || socket.readyState === RealtimeSocket.CLOSED) return;
  // Not randomUUID, which there is only over https and on localhost.
  const id = crypto.getRandomValues(new Uint32Array(4)).join("");
  const written = { id, text, item: document.createElement("li") };
  written.item.textContent = text;
  waiting.append(written.item);
  unanswered.set(id, written);
  send(written);
  input.value = "";
  input.focus();
});

/** Without a connection it waits for the next. */
function send({ id, text }) {
  if (socket.readyState === RealtimeSocket.OPEN) socket.send(JSON.stringify({ id, text }));
}

/** Adds a message to the page. It is HTML of the server's own template. */
function show(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const item = template.content.firstElementChild;
  const { id } = item.dataset;
  unanswered.get(id)?.item.remove();
  unanswered.delete(id);
  // A server that was restarted may be told again what this page has seen.
  if (element(item.id) !== null) return;
  finish(item);
  messages.append(item);
  if (messages.childElementCount > shownMax) messages.firstElementChild.remove();
}

/** What the server cannot know: who looks at it, and where. */
function finish(item) {
  item.classList.toggle("mine", item.dataset.from === me);
  const time = item.querySelector("time");
  const date = new Date(time.dateTime);
  time.textContent = date.toLocaleTimeString([], { timeStyle: "short" });
  time.title = date.toLocaleString();
}

for (const item of messages.children) finish(item);
