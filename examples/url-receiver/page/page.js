// The page of the URL receiver: the browser's own WebSocket, no framework, no build step.

const texts = {
  en: {
    title: "URL receiver",
    label: "Send a URL to the server",
    send: "Send",
    empty: "Nothing sent yet. The answer of the server appears here.",
    connecting: "connecting…",
    open: "connected",
    closed: "disconnected",
    waiting: "waiting for the answer…",
    lost: "no answer: the connection was lost",
    away: (seconds) => `The server is away. Is it running? The next try is in ${seconds} s.`,
    refused: (code, reason) => `The server closed the connection: ${code} ${reason}`,
  },
  zh: {
    title: "URL 接收器",
    label: "向服务器发送一个 URL",
    send: "发送",
    empty: "还没有发送任何内容。服务器的回复会显示在这里。",
    connecting: "正在连接…",
    open: "已连接",
    closed: "已断开",
    waiting: "等待回复…",
    lost: "没有回复：连接已断开",
    away: (seconds) => `无法连接服务器。它在运行吗？${seconds} 秒后重试。`,
    refused: (code, reason) => `服务器关闭了连接：${code} ${reason}`,
  },
};
const language = navigator.language.startsWith("zh") ? "zh" : "en";
const text = texts[language];

const element = (id) => document.getElementById(id);
const state = element("state");
const notice = element("notice");
const form = element("form");
const input = element("url");
const button = element("send");
const exchanges = element("exchanges");

document.documentElement.lang = language;
document.title = text.title;
for (const each of document.querySelectorAll("[data-text]")) each.textContent = text[each.dataset.text];

/** What was sent and has no answer yet; the server answers in order. */
const unanswered = [];
let socket;
let failures = 0;

function show(name) {
  state.dataset.state = name;
  state.textContent = text[name];
  button.disabled = name !== "open";
}

function connect() {
  show("connecting");
  const url = new URL("/url", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(url);
  socket.addEventListener("open", () => {
    failures = 0;
    notice.hidden = true;
    show("open");
  });
  socket.addEventListener("message", ({ data }) => settle(unanswered.shift(), "answered", data));
  socket.addEventListener("close", ({ code, reason }) => {
    show("closed");
    for (const item of unanswered.splice(0)) settle(item, "lost", text.lost);
    // Twice the time after each failure, so that a server that comes back is not met by all pages at once.
    const seconds = Math.min(30, 2 ** failures++);
    notice.textContent = reason === "" ? text.away(seconds) : text.refused(code, reason);
    notice.hidden = false;
    setTimeout(connect, seconds * 1000);
  });
}

function settle(item, outcome, reply) {
  if (item === undefined) return;
  item.dataset.state = outcome;
  item.querySelector(".reply").textContent = reply;
}

function addExchange(url) {
  const item = document.createElement("li");
  item.dataset.state = "waiting";
  for (const [name, content] of [
    ["sent", url],
    ["reply", text.waiting],
  ]) {
    const line = document.createElement("div");
    line.className = name;
    line.textContent = content;
    item.append(line);
  }
  exchanges.prepend(item);
  element("empty").hidden = true;
  return item;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const url = input.value.trim();
  if (url === "" || socket.readyState !== WebSocket.OPEN) return;
  unanswered.push(addExchange(url));
  socket.send(url);
  input.value = "";
  input.focus();
});

connect();
