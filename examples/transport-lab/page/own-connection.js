// The page is a client itself: one of the same kind in each panel, by the package's client for browsers.

import { RealtimeSocket } from "./client.js";
import { whole } from "./format.js";
import { text } from "./texts.js";

/** Keeps the page connected to one transport's server, and says in `place` how that goes. */
export function createOwnConnection(place, transport) {
  let socket;
  let current = "";
  let messages = 0;
  const say = (words, state) => {
    place.textContent = `${text.own}${words}`;
    place.dataset.state = state;
  };
  const connect = (url, pollingIntervalMs) => {
    socket?.close();
    const own = new RealtimeSocket(url, { transports: [transport], pollingIntervalMs });
    socket = own;
    own.addEventListener("message", ({ data }) => {
      messages++;
      place.dataset.messages = messages;
      if (own === socket) say(text.ownMessages(whole(messages), whole(Number.parseInt(data, 10))), "open");
    });
    own.addEventListener("statechange", ({ state, reason }) => {
      if (own === socket && state !== "open") say(reason.message, "closed");
    });
  };
  say(text.ownWaiting, "connecting");
  /** The server's port is known with the first reading, and another one when the lab was started anew. */
  return (port, { pollIntervalMs }) => {
    const url = `${location.protocol}//${location.hostname}:${port}/ticks`;
    const wanted = transport === "polling" ? `${url} ${pollIntervalMs}` : url;
    if (wanted === current) return;
    current = wanted;
    connect(url, pollIntervalMs);
  };
}
