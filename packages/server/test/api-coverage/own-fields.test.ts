import { suites } from "./suites.js";
import { testRows } from "./test-rows.js";

testRows(suites["own-fields.test.ts"]);
