import { networkInterfaces } from "node:os";

/**
 * The origins under which the lab's page can be opened: this machine's names and addresses with the page's port. The transports' servers have ports of
 * their own, so to them the page comes from another origin, and they let it in by this list.
 */
export function pageOrigins(port: number): readonly string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    // An address that is only valid on one link has a zone, and no browser takes that in a URL.
    .filter(({ address }) => !address.startsWith("fe80:"))
    .map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address));
  return [...new Set(["localhost", "127.0.0.1", "[::1]", ...addresses])].map(
    (host) => new URL(`http://${host}:${port}`).origin,
  );
}
