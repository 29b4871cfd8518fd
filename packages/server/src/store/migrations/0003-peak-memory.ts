/** The most memory that was measured in a runner's incarnation, which outlives the process and the daemon. */
export const sql = `
ALTER TABLE runners ADD COLUMN peak_memory_mb INTEGER NOT NULL DEFAULT 0;
`;
