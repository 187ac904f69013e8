/**
 * How large the package may be that users install, in bytes. The library stands in it twice, for `import` and for `require`. Of a larger one
 * the reason belongs beside the bound: most of what is added is what refusals and findings say, and what they are found by.
 */
export const packageBounds = { size: 390_000, unpackedSize: 1_365_000 } as const;
