let second = 0;
let text = "";

/** The time as a Date header field says it (RFC 9110 §5.6.7). It is made once for each second. */
export function httpDate(now: number = Date.now()): string {
  const thisSecond = Math.floor(now / 1000);
  if (thisSecond !== second) {
    second = thisSecond;
    text = new Date(now).toUTCString();
  }
  return text;
}
