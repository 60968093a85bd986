import { BlockList, isIP } from "node:net";

/** Whether `text` is an IP address. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

/** What stands for the address of whoever connects to a Unix socket: it has none. */
export const unixPeer = "unix";

/** Which addresses a list of addresses, CIDR blocks and the names "loopback" and "unix" contains. */
export class AddressList {
  readonly #blocks = new BlockList();
  #isEmpty = true;
  #hasUnix = false;

  /** Adds an entry; false when it is none. */
  add(entry: string): boolean {
    if (entry === unixPeer) {
      this.#hasUnix = true;
      return true;
    }
    if (entry === "loopback") return this.add("127.0.0.0/8") && this.add("::1");
    const [address = "", prefix, ...rest] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (!isAddress(address) || rest.length > 0) return false;
    this.#isEmpty = false;
    if (prefix === undefined) {
      this.#blocks.addAddress(address, family);
      return true;
    }
    if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === "ipv6" ? 128 : 32)) return false;
    this.#blocks.addSubnet(address, Number(prefix), family);
    return true;
  }

  includes(address: string): boolean {
    if (address === unixPeer) return this.#hasUnix;
    // Each look into a block list makes an object of the address.
    if (this.#isEmpty) return false;
    const family = isIP(address);
    return family !== 0 && this.#blocks.check(address, family === 6 ? "ipv6" : "ipv4");
  }
}

/** Whether an address, as the operating system writes it, is this machine itself. */
export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/**
 * An IPv4 address without the prefix that a dual-stack socket gives it (RFC 4291 §2.5.5.2); `nameless` where there is no
 * address, as with a peer that has gone.
 */
export function plainAddress(address: string | undefined, nameless = "-"): string {
  if (address === undefined) return nameless;
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}
