/** Some engines tell `null` where there are none. */
export const labelsOf = (
  labels: Readonly<Record<string, string>> | null | undefined,
): Readonly<Record<string, string>> => labels ?? {};
