import { suites } from "./suites.js";
import { testRows } from "./test-rows.js";

testRows(suites["sessions.test.ts"]);
