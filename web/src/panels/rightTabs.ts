/** The tabs of the right panel, in their order. */
export const RIGHT_TABS = ["annotations", "ai", "comments"] as const;
export type RightTab = (typeof RIGHT_TABS)[number];
