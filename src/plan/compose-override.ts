export const renderComposeOverride = (_services: readonly string[], _net: { networkName: string; hostname: string; gateway: string }): string => '';
