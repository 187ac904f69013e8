/** What goes over a wire, byte by byte: what no socket would send. */
export interface Station {
  readonly address: string;
  readonly mac: string;
}

const etherTypes = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, ipv6: 0x86dd } as const;
const protocols = { icmp: 1, tcp: 6, udp: 17 } as const;

export const bytesOfAddress = (address: string): Buffer => Buffer.from(address.split('.').map(Number));
const bytesOfMac = (mac: string): Buffer => Buffer.from(mac.replaceAll(':', ''), 'hex');

const u16 = (...values: readonly number[]): Buffer => {
  const buffer = Buffer.alloc(2 * values.length);
  for (const [n, value] of values.entries()) buffer.writeUInt16BE(value, 2 * n);
  return buffer;
};

/** The Internet's checksum (RFC 1071). */
const checksum = (bytes: Buffer): number => {
  let sum = 0;
  for (let n = 0; n < bytes.length; n += 2) sum += ((bytes[n] ?? 0) << 8) | (bytes[n + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
};

const ether = (from: string, to: string, type: number, payload: Buffer): Buffer =>
  Buffer.concat([bytesOfMac(to), bytesOfMac(from), u16(type), payload]);

export interface Datagram {
  readonly from: string;
  readonly to: string;
  readonly protocol: keyof typeof protocols;
  readonly payload: Buffer;
  /** IP options, a multiple of four bytes. */
  readonly options?: Buffer;
  /** Where it begins in the whole, in units of eight bytes, and whether more follows. */
  readonly fragment?: { readonly id: number; readonly offset: number; readonly more: boolean };
}

export const ipv4 = ({ from, to, protocol, payload, options = Buffer.alloc(0), fragment }: Datagram): Buffer => {
  const header = Buffer.concat([
    Buffer.from([0x40 | (5 + options.length / 4), 0]),
    u16(20 + options.length + payload.length, fragment?.id ?? 0),
    u16((fragment?.more === true ? 0x2000 : 0) | (fragment?.offset ?? 0)),
    Buffer.from([64, protocols[protocol], 0, 0]),
    bytesOfAddress(from),
    bytesOfAddress(to),
    options,
  ]);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
};

/** The same in pieces, of which the first has nothing but UDP's header. */
export const ipv4InPieces = (datagram: Datagram, id: number): [Buffer, Buffer] => {
  const { payload } = datagram;
  const piece = (from: number, to: number, more: boolean): Buffer =>
    ipv4({ ...datagram, payload: payload.subarray(from, to), fragment: { id, offset: from / 8, more } });
  return [piece(0, 8, true), piece(8, payload.length, false)];
};

/** No checksum, which IPv4 allows: it need not know the addresses then. */
export const udp = (fromPort: number, toPort: number, text: string): Buffer =>
  Buffer.concat([u16(fromPort, toPort, 8 + Buffer.byteLength(text), 0), Buffer.from(text)]);

export const tcpSyn = (from: string, fromPort: number, to: string, toPort: number): Buffer => {
  const segment = Buffer.concat([u16(fromPort, toPort, 0, 1, 0, 0), Buffer.from([0x50, 0x02]), u16(64_240, 0, 0)]);
  const pseudo = Buffer.concat([bytesOfAddress(from), bytesOfAddress(to), u16(protocols.tcp, segment.length), segment]);
  segment.writeUInt16BE(checksum(pseudo), 16);
  return segment;
};

export const icmpEcho = (id: number): Buffer => {
  const echo = Buffer.concat([Buffer.from([8, 0]), u16(0, id, 1)]);
  echo.writeUInt16BE(checksum(echo), 2);
  return echo;
};

/** A route that the sender names: loose or strict, by the addresses after the one that the packet is written to. */
export const sourceRoute = (kind: 'loose' | 'strict', hops: readonly string[]): Buffer => {
  const option = Buffer.concat([
    Buffer.from([kind === 'loose' ? 131 : 137, 3 + 4 * hops.length, 4]),
    ...hops.map(bytesOfAddress),
  ]);
  return Buffer.concat([option, Buffer.alloc(4 - (option.length % 4 || 4), 0)]);
};

export const nops = Buffer.from([1, 1, 1, 0]);
/** Room for one address. */
export const recordRoute = Buffer.from([7, 7, 4, 0, 0, 0, 0, 0]);
/** Seconds alone, room for one. */
export const timestamp = Buffer.from([68, 8, 5, 0, 0, 0, 0, 0]);

export const frameOf = (from: Station, toMac: string, packet: Buffer): Buffer =>
  ether(from.mac, toMac, etherTypes.ipv4, packet);

/** With an 802.1Q tag of priority alone, which the kernel takes off before anybody looks at the packet. */
export const taggedFrameOf = (from: Station, toMac: string, packet: Buffer): Buffer =>
  ether(from.mac, toMac, etherTypes.vlan, Buffer.concat([u16(0, etherTypes.ipv4), packet]));

export const arpRequest = (from: Station, address: string): Buffer =>
  ether(
    from.mac,
    'ff:ff:ff:ff:ff:ff',
    etherTypes.arp,
    Buffer.concat([
      u16(1, etherTypes.ipv4),
      Buffer.from([6, 4]),
      u16(1),
      bytesOfMac(from.mac),
      bytesOfAddress(from.address),
      Buffer.alloc(6),
      bytesOfAddress(address),
    ]),
  );

/** A UDP datagram over IPv6, whose checksum may not be left out. */
export const udp6Frame = (
  from: Station & { readonly address6: Buffer },
  toMac: string,
  to: Buffer,
  [fromPort, toPort, text]: readonly [number, number, string],
): Buffer => {
  const datagram = udp(fromPort, toPort, text);
  const pseudo = Buffer.concat([from.address6, to, u16(0, datagram.length, 0, protocols.udp), datagram]);
  datagram.writeUInt16BE(checksum(pseudo) || 0xffff, 6);
  const header = Buffer.concat([
    Buffer.from([0x60, 0, 0, 0]),
    u16(datagram.length),
    Buffer.from([protocols.udp, 64]),
    from.address6,
    to,
  ]);
  return ether(from.mac, toMac, etherTypes.ipv6, Buffer.concat([header, datagram]));
};

/** What a frame says to one who listens for answers. */
export interface Answer {
  readonly kind: 'syn-ack' | 'echo';
  /** To which of the attacker's ports, or of which echo. */
  readonly number: number;
}

export const readAnswer = (frame: Buffer): Answer | undefined => {
  if (frame.readUInt16BE(12) !== etherTypes.ipv4) return undefined;
  const at = 14 + ((frame[14] ?? 0) & 0x0f) * 4;
  const protocol = frame[23];
  if (protocol === protocols.tcp && ((frame[at + 13] ?? 0) & 0x3f) === 0x12)
    return { kind: 'syn-ack', number: frame.readUInt16BE(at + 2) };
  if (protocol === protocols.icmp && frame[at] === 0) return { kind: 'echo', number: frame.readUInt16BE(at + 4) };
  return undefined;
};
