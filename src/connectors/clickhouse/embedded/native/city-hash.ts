// CityHash128 of version 1.0.2, the checksum of ClickHouse's compressed blocks (its contrib/cityhash102). Later versions
// of CityHash give other hashes, so no library of them serves. Must not know what is hashed.
// BigInts wrapped to 64 bits at once: V8 computes them as machine integers.

const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;
const K3 = 0xc949d7c7509e6557n;
const MUL = 0x9ddfea08eb382d69n;

/** Two 64-bit halves, as the checksum is written: the low one first. */
export interface Hash128 {
  readonly low: bigint;
  readonly high: bigint;
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const add = (one: bigint, other: bigint): bigint => BigInt.asUintN(64, one + other);
const subtract = (one: bigint, other: bigint): bigint => BigInt.asUintN(64, one - other);
const multiply = (one: bigint, other: bigint): bigint => BigInt.asUintN(64, one * other);

function rotate(value: bigint, bits: bigint): bigint {
  return BigInt.asUintN(64, value >> bits) | BigInt.asUintN(64, value << (64n - bits));
}

const mixed = (value: bigint): bigint => value ^ BigInt.asUintN(64, value >> 47n);

/** Hash128to64 of the original. */
function hash16(low: bigint, high: bigint): bigint {
  const a = mixed(multiply(low ^ high, MUL));
  return multiply(mixed(multiply(high ^ a, MUL)), MUL);
}

export function cityHash128(bytes: Uint8Array): Hash128 {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  if (length >= 16) return seeded(view, 16, length - 16, view.getBigUint64(0, true) ^ K3, view.getBigUint64(8, true));
  if (length >= 8) {
    const low = view.getBigUint64(0, true) ^ multiply(BigInt(length), K0);
    return murmur(view, length, 0, low, view.getBigUint64(length - 8, true) ^ K1);
  }
  return murmur(view, 0, length, K0, K1);
}

function hash0to16(view: DataView, from: number, length: number): bigint {
  if (length > 8) {
    const a = view.getBigUint64(from, true);
    const b = view.getBigUint64(from + length - 8, true);
    return hash16(a, rotate(add(b, BigInt(length)), BigInt(length))) ^ b;
  }
  if (length >= 4) {
    const a = BigInt(view.getUint32(from, true));
    return hash16(add(BigInt(length), u64(a << 3n)), BigInt(view.getUint32(from + length - 4, true)));
  }
  if (length > 0) {
    const a = view.getUint8(from);
    const b = view.getUint8(from + (length >> 1));
    const c = view.getUint8(from + length - 1);
    const y = BigInt(a + b * 256);
    const z = BigInt(length + c * 4);
    return multiply(mixed(multiply(y, K2) ^ multiply(z, K3)), K2);
  }
  return K2;
}

/** Of fewer than 128 bytes. */
function murmur(view: DataView, from: number, length: number, low: bigint, high: bigint): Hash128 {
  let a = low;
  let b = high;
  let c: bigint;
  let d: bigint;
  if (length <= 16) {
    a = multiply(mixed(multiply(a, K1)), K1);
    c = add(multiply(b, K1), hash0to16(view, from, length));
    d = mixed(add(a, length >= 8 ? view.getBigUint64(from, true) : c));
  } else {
    const end = from + length;
    c = hash16(add(view.getBigUint64(end - 8, true), K1), a);
    d = hash16(add(b, BigInt(length)), add(c, view.getBigUint64(end - 16, true)));
    a = add(a, d);
    for (let at = from, left = length - 16; left > 0; at += 16, left -= 16) {
      a = multiply(a ^ multiply(mixed(multiply(view.getBigUint64(at, true), K1)), K1), K1);
      b ^= a;
      c = multiply(c ^ multiply(mixed(multiply(view.getBigUint64(at + 8, true), K1)), K1), K1);
      d ^= c;
    }
  }
  a = hash16(a, c);
  b = hash16(d, b);
  return { low: a ^ b, high: hash16(b, a) };
}

function seeded(view: DataView, from: number, length: number, low: bigint, high: bigint): Hash128 {
  if (length < 128) return murmur(view, from, length, low, high);
  const end = from + length;
  let x = low;
  let y = high;
  let z = multiply(BigInt(length), K1);
  let v0 = add(multiply(rotate(y ^ K1, 49n), K1), view.getBigUint64(from, true));
  let v1 = add(multiply(rotate(v0, 42n), K1), view.getBigUint64(from + 8, true));
  let w0 = add(multiply(rotate(add(y, z), 35n), K1), x);
  let w1 = multiply(rotate(add(x, view.getBigUint64(from + 88, true)), 53n), K1);
  // Always two rolls of 64 bytes: what is left is less than 128.
  const rolls = from + length - (length % 128);
  let at = from;
  for (; at < rolls; at += 64) {
    x = multiply(rotate(add(add(x, y), add(v0, view.getBigUint64(at + 16, true))), 37n), K1);
    y = multiply(rotate(add(add(y, v1), view.getBigUint64(at + 48, true)), 42n), K1);
    x ^= w1;
    y ^= v0;
    z = rotate(z ^ w0, 33n);
    // WeakHashLen32WithSeeds of the first 32 bytes …
    let a = add(multiply(v1, K1), view.getBigUint64(at, true));
    let b = rotate(add(add(add(x, w0), a), view.getBigUint64(at + 24, true)), 21n);
    let c = a;
    a = add(add(a, view.getBigUint64(at + 8, true)), view.getBigUint64(at + 16, true));
    v0 = add(a, view.getBigUint64(at + 24, true));
    v1 = add(add(b, rotate(a, 44n)), c);
    // … and of the next 32.
    a = add(add(z, w1), view.getBigUint64(at + 32, true));
    b = rotate(add(add(y, a), view.getBigUint64(at + 56, true)), 21n);
    c = a;
    a = add(add(a, view.getBigUint64(at + 40, true)), view.getBigUint64(at + 48, true));
    w0 = add(a, view.getBigUint64(at + 56, true));
    w1 = add(add(b, rotate(a, 44n)), c);
    const swapped = z;
    z = x;
    x = swapped;
  }
  y = add(y, add(multiply(rotate(w0, 37n), K0), z));
  x = add(x, multiply(rotate(add(v0, z), 49n), K0));
  const left = end - at;
  // Up to four pieces of 32 bytes from the end; the last may reach back into what the rolls have seen.
  for (let done = 0; done < left;) {
    done += 32;
    const piece = end - done;
    y = add(multiply(rotate(subtract(y, x), 42n), K0), v1);
    w0 = add(w0, view.getBigUint64(piece + 16, true));
    x = add(multiply(rotate(x, 49n), K0), w0);
    w0 = add(w0, v0);
    let a = add(v0, view.getBigUint64(piece, true));
    const b = rotate(add(add(v1, a), view.getBigUint64(piece + 24, true)), 21n);
    const c = a;
    a = add(add(a, view.getBigUint64(piece + 8, true)), view.getBigUint64(piece + 16, true));
    v0 = add(a, view.getBigUint64(piece + 24, true));
    v1 = add(add(b, rotate(a, 44n)), c);
  }
  x = hash16(x, v0);
  y = hash16(y, w0);
  return { low: add(hash16(add(x, v1), w1), y), high: hash16(add(x, w1), add(y, v1)) };
}
