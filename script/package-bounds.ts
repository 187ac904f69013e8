/**
 * How large the package may be that users install, in bytes. The library stands in it twice, for `import` and for `require`. Of a larger one
 * the reason belongs beside the bound.
 */
export const packageBounds = { size: 420_000, unpackedSize: 1_450_000 } as const;
