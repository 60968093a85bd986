/** The byte sequences of group 6 from 6.5 on: which are UTF-8 (RFC 3629), and which are not. */

export interface Sequence {
  readonly id: string;
  readonly title: string;
  readonly bytes: Uint8Array;
  readonly isValid: boolean;
}

/** Sequences of a kind; `valid` lists the numbers of those that are valid, where it is not all. */
function row(
  group: string,
  title: string,
  isValid: boolean,
  all: readonly string[],
  valid?: readonly number[],
): Sequence[] {
  return all.map((digits, index) => ({
    id: `${group}.${index + 1}`,
    title: `${title}: ${digits.length <= 24 ? digits : `${digits.slice(0, 24)}…`}`,
    bytes: new Uint8Array(Buffer.from(digits.replaceAll(" ", ""), "hex")),
    isValid: valid?.includes(index + 1) ?? isValid,
  }));
}

/** Hexadecimal digits of a text. */
const of = (text: string): string => Buffer.from(text).toString("hex");
/** Each byte of a range followed by a blank. */
const alone = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `${(from + index).toString(16)}20`).join("");
/** The last two code points of a plane, which are no characters, and valid. */
const planeEnd = (plane: number): string[] =>
  [0xfffe, 0xffff].map((point) => of(String.fromCodePoint(plane * 0x1_0000 + point)));

/** κόσμε, its ό being the one of three bytes. */
const kosme = "cebae1bdb9cf83cebcceb5";
const incomplete = ["c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf"]; // prettier-ignore

export const sequences: readonly Sequence[] = [
  ...row("6.5", "text with characters of 1 to 4 bytes", true, [
    ...["hello$world", "hello¢world", "hello€world", "hello𤭢world"].map(of),
    kosme,
  ]),
  ...row("6.6", "the first bytes of a text", true, Array.from({ length: 11 }, (_, index) => kosme.slice(0, 2 * index + 2)), [2, 5, 7, 9, 11]), // prettier-ignore
  ...row("6.7", "the first character of a length", true, ["00", "c280", "e0a080", "f0908080"]),
  ...row("6.8", "the first sequence of a length that is too long", false, ["f888808080", "fc8480808080"]),
  ...row("6.9", "the last character of a length", true, ["7f", "dfbf", "efbfbf", "f48fbfbf"]),
  ...row("6.10", "the last sequence of a length", false, ["f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf"]),
  ...row("6.11", "edges", true, ["ed9fbf", "ee8080", "efbfbd", "f48fbfbf", "f4908080"], [1, 2, 3, 4]),
  ...row("6.12", "continuation bytes by themselves", false, [
    "80",
    "bf",
    "80bf",
    "80bf80",
    "80bf80bf",
    "80bf80bf80",
    "80bf80bf80bf",
    Array.from({ length: 63 }, (_, index) => (0x80 + index).toString(16)).join(""),
  ]),
  ...row("6.13", "first bytes by themselves", false, [
    alone(0xc0, 0xdf),
    alone(0xe0, 0xef),
    alone(0xf0, 0xf7),
    alone(0xf8, 0xfb),
    alone(0xfc, 0xfd),
  ]),
  ...row("6.14", "the last byte is missing", false, incomplete),
  ...row("6.15", "all sequences without their last byte", false, [incomplete.join("")]),
  ...row("6.16", "bytes that never occur", false, ["fe", "ff", "fefeffff"]),
  ...row("6.17", "a slash in overlong forms", false, ["c0af", "e080af", "f08080af", "f8808080af", "fc80808080af"]), // prettier-ignore
  ...row("6.18", "the last overlong form of a length", false, ["c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf"]), // prettier-ignore
  ...row("6.19", "NUL in overlong forms", false, [
    "c080",
    "e08080",
    "f0808080",
    "f880808080",
    "fc8080808080",
  ]),
  ...row("6.20", "a surrogate", false, [
    "eda080",
    "edadbf",
    "edae80",
    "edafbf",
    "edb080",
    "edbe80",
    "edbfbf",
  ]),
  ...row("6.21", "a pair of surrogates", false, ["eda080", "edadbf", "edae80", "edafbf"].flatMap((high) => [`${high}edb080`, `${high}edbfbf`])), // prettier-ignore
  ...row("6.22", "no character, but valid", true, [
    ...planeEnd(0),
    ...Array.from({ length: 16 }, (_, index) => planeEnd(index + 1)).flat(),
  ]),
  ...row("6.23", "specials", true, [0xfff9, 0xfffa, 0xfffb, 0xfffc, 0xfffd, 0xfffe, 0xffff].map((point) => of(String.fromCodePoint(point)))), // prettier-ignore
];
