export * from "./catalog.js";
export * from "./conversation.js";
export * from "./ledger.js";
