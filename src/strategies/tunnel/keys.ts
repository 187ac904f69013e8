import type { utils } from 'ssh2';

export interface Keys {
  readonly private: string;
  readonly public: string;
}

/** What is needed of ssh2, which is loaded when used. */
export type KeyMaker = Pick<typeof utils, 'generateKeyPairSync' | 'parseKey'>;

/**
 * Keys that can be read. Of those that ssh2 makes one in some 250 cannot, by itself or by an sshd: it takes a zero at their beginning for
 * none of them (mscdex/ssh2#1390).
 */
export const makeKeys = (maker: KeyMaker): Keys => {
  for (;;) {
    const keys = maker.generateKeyPairSync('ed25519', {});
    if (canBeRead(maker, keys.private) && canBeRead(maker, keys.public)) return keys;
  }
};

const canBeRead = ({ parseKey }: KeyMaker, key: string): boolean => !(parseKey(key) instanceof Error);
