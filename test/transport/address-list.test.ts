import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressList, isAddress, isLoopbackAddress } from "../../src/transport/address-list.ts";

function listOf(...entries: readonly string[]): AddressList {
  const list = new AddressList();
  for (const entry of entries) assert.equal(list.add(entry), true, entry);
  return list;
}

test("a list contains its addresses and the addresses of its blocks, and no others", () => {
  const list = listOf(
    "10.0.0.7",
    "192.168.0.0/16",
    "2001:db8::1",
    "fd00::/8",
    "172.16.5.4/32",
    "fe80::1/128",
  );
  const cases: readonly (readonly [address: string, included: boolean])[] = [
    ["10.0.0.7", true],
    ["10.0.0.8", false],
    ["192.168.0.0", true],
    ["192.168.255.255", true],
    ["192.169.0.0", false],
    ["172.16.5.4", true],
    ["172.16.5.5", false],
    ["2001:db8::1", true],
    ["2001:0db8:0:0:0:0:0:1", true],
    ["2001:DB8::1", true],
    ["2001:db8::2", false],
    ["fdff::1", true],
    ["fc00::1", false],
    ["fe80::1", true],
    ["fe80::2", false],
    // What is no address is in no list.
    ["", false],
    ["-", false],
    ["localhost", false],
    ["10.0.0.7:80", false],
    ["10.0.0", false],
  ];
  for (const [address, included] of cases) assert.equal(list.includes(address), included, address);
});

test("a block that covers everything covers its own family", () => {
  const list = listOf("0.0.0.0/0");
  assert.equal(list.includes("255.255.255.255"), true);
  assert.equal(list.includes("2001:db8::1"), false);
});

test("an entry that is no address or block is not added", () => {
  for (const entry of [
    "",
    "localhost",
    "Loopback",
    "10.0.0",
    "10.0.0.256",
    "10.0.0.7:80",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0.0/8.0",
    "10.0.0.0/ 8",
    "10.0.0.0/1e1",
    "/8",
    "::/129",
    "fd00::/1000",
    "[::1]",
    "*",
    " 10.0.0.7",
  ]) {
    const list = new AddressList();
    assert.equal(list.add(entry), false, entry);
    assert.equal(list.includes("10.0.0.7"), false, entry);
  }
});

test("loopback is this machine, in both families", () => {
  const list = listOf("loopback");
  for (const address of ["127.0.0.1", "127.255.255.255", "::1"]) {
    assert.equal(list.includes(address), true, address);
    assert.equal(isLoopbackAddress(address), true, address);
  }
  for (const address of [
    "126.255.255.255",
    "128.0.0.0",
    "::",
    "::2",
    "0.0.0.0",
    "192.0.2.1",
    "localhost",
    "-",
  ]) {
    assert.equal(list.includes(address), false, address);
    assert.equal(isLoopbackAddress(address), false, address);
  }
});

test("isAddress knows both families and nothing else", () => {
  for (const text of ["127.0.0.1", "::1", "2001:db8::1", "::ffff:192.0.2.1"])
    assert.equal(isAddress(text), true, text);
  for (const text of ["", "localhost", "1.2.3", "1.2.3.4.5", "[::1]", "1.2.3.4:80", "01.2.3.4"])
    assert.equal(isAddress(text), false, text);
});
