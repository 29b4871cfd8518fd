/**
 * Usage by person, with the project's name, which outlives the project; earlier usage is of whoever created the runner.
 * And what an agent has last reported of a session as a sum, which the session's next runner goes on from.
 */
export const sql = `
CREATE TABLE usage_by_person (
  project_uid TEXT NOT NULL,
  day TEXT NOT NULL,
  runner_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  model TEXT NOT NULL,
  cost_basis INTEGER NOT NULL,
  currency TEXT NOT NULL,
  input_tokens INTEGER NOT NULL DEFAULT 0,
  output_tokens INTEGER NOT NULL DEFAULT 0,
  cache_read_tokens INTEGER NOT NULL DEFAULT 0,
  cache_write_tokens INTEGER NOT NULL DEFAULT 0,
  reasoning_tokens INTEGER NOT NULL DEFAULT 0,
  cost_nanos INTEGER NOT NULL DEFAULT 0,
  person TEXT NOT NULL DEFAULT '',
  project_name TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (project_uid, day, runner_id, session_id, model, person, cost_basis, currency)
) STRICT, WITHOUT ROWID;
INSERT INTO usage_by_person
  SELECT project_uid, day, runner_id, session_id, model, cost_basis, currency, input_tokens, output_tokens,
    cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos,
    coalesce((SELECT created_by FROM runners WHERE id = runner_id), ''),
    coalesce((SELECT name FROM projects WHERE uid = project_uid), '')
  FROM usage_daily;
DROP TABLE usage_daily;
ALTER TABLE usage_by_person RENAME TO usage_daily;
CREATE INDEX usage_daily_by_day ON usage_daily (day);
CREATE INDEX usage_daily_by_runner ON usage_daily (runner_id);

CREATE TRIGGER usage_sums_insert AFTER INSERT ON usage_daily BEGIN
  INSERT INTO usage_sums
    SELECT span, new.project_uid, new.currency, new.cost_basis, new.input_tokens, new.output_tokens,
      new.cache_read_tokens, new.cache_write_tokens, new.reasoning_tokens, new.cost_nanos
    FROM (SELECT new.day AS span UNION ALL SELECT '') WHERE true
    ON CONFLICT DO UPDATE SET
      input_tokens = input_tokens + excluded.input_tokens,
      output_tokens = output_tokens + excluded.output_tokens,
      cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
      cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
      reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
      cost_nanos = cost_nanos + excluded.cost_nanos;
END;
CREATE TRIGGER usage_sums_update AFTER UPDATE ON usage_daily BEGIN
  UPDATE usage_sums SET
      input_tokens = input_tokens + new.input_tokens - old.input_tokens,
      output_tokens = output_tokens + new.output_tokens - old.output_tokens,
      cache_read_tokens = cache_read_tokens + new.cache_read_tokens - old.cache_read_tokens,
      cache_write_tokens = cache_write_tokens + new.cache_write_tokens - old.cache_write_tokens,
      reasoning_tokens = reasoning_tokens + new.reasoning_tokens - old.reasoning_tokens,
      cost_nanos = cost_nanos + new.cost_nanos - old.cost_nanos
    WHERE day IN (new.day, '') AND project_uid = new.project_uid AND currency = new.currency
      AND cost_basis = new.cost_basis;
END;

ALTER TABLE sessions ADD COLUMN reported_usage BLOB;
UPDATE sessions SET reported_usage = usage WHERE usage IS NOT NULL;
`;
