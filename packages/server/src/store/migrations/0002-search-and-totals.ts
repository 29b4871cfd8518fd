/** Full-text search, totals that need no scan, and what external runners, forks and lists of approvals ask for. */
export const sql = `
ALTER TABLE runners ADD COLUMN heartbeat_ttl_ms INTEGER;
CREATE INDEX runners_external ON runners (id) WHERE external = 1 AND status < 5;

ALTER TABLE sessions ADD COLUMN fork_of TEXT;

CREATE INDEX events_by_session ON events (session_id, seq) WHERE session_id <> '';

DROP INDEX approvals_of_session;
CREATE INDEX approvals_by_session ON approvals (session_id, state, created_at, id);
CREATE INDEX approvals_by_runner ON approvals (runner_id, state, created_at, id);
CREATE INDEX approvals_by_project ON approvals (project_name, state, created_at, id);
CREATE INDEX approvals_by_state ON approvals (state, created_at, id);

CREATE TABLE messages_with_id (
  id INTEGER NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  turn_id TEXT,
  role TEXT NOT NULL,
  complete INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  completed_at INTEGER,
  content TEXT NOT NULL DEFAULT '',
  parts BLOB NOT NULL,
  usage BLOB,
  metadata TEXT NOT NULL DEFAULT '{}'
) STRICT;
INSERT INTO messages_with_id
  SELECT rowid, session_id, ordinal, turn_id, role, complete, created_at, completed_at, content, parts, usage, metadata
  FROM messages ORDER BY rowid;
DROP TABLE messages;
ALTER TABLE messages_with_id RENAME TO messages;
CREATE UNIQUE INDEX messages_by_session ON messages (session_id, ordinal);

CREATE VIEW searchable_messages AS
  SELECT messages.id AS id,
    'p' || hex(sessions.project_name) || ' s' || hex(sessions.id) || ' r' || hex(messages.role) AS scope,
    messages.content AS content
  FROM messages JOIN sessions ON sessions.id = messages.session_id
  WHERE messages.complete = 1;
CREATE VIRTUAL TABLE message_search USING fts5(
  scope, content,
  content = 'searchable_messages', content_rowid = 'id',
  tokenize = "unicode61 remove_diacritics 2"
);
INSERT INTO message_search (message_search) VALUES ('rebuild');
CREATE TRIGGER messages_search_insert AFTER INSERT ON messages WHEN new.complete = 1 BEGIN
  INSERT INTO message_search (rowid, scope, content)
    SELECT id, scope, content FROM searchable_messages WHERE id = new.id;
END;
CREATE TRIGGER messages_search_leave BEFORE UPDATE OF role, content, complete ON messages WHEN old.complete = 1 BEGIN
  INSERT INTO message_search (message_search, rowid, scope, content)
    SELECT 'delete', id, scope, content FROM searchable_messages WHERE id = old.id;
END;
CREATE TRIGGER messages_search_enter AFTER UPDATE OF role, content, complete ON messages WHEN new.complete = 1 BEGIN
  INSERT INTO message_search (rowid, scope, content)
    SELECT id, scope, content FROM searchable_messages WHERE id = new.id;
END;
CREATE TRIGGER messages_search_delete BEFORE DELETE ON messages WHEN old.complete = 1 BEGIN
  INSERT INTO message_search (message_search, rowid, scope, content)
    SELECT 'delete', id, scope, content FROM searchable_messages WHERE id = old.id;
END;
-- Ahead of the cascade: what leaves the search is read with its session, which the cascade has deleted by then.
CREATE TRIGGER sessions_messages_delete BEFORE DELETE ON sessions BEGIN
  DELETE FROM messages WHERE session_id = old.id;
END;

CREATE TABLE created_totals (
  project_uid TEXT NOT NULL PRIMARY KEY,
  runners INTEGER NOT NULL DEFAULT 0,
  sessions INTEGER NOT NULL DEFAULT 0,
  turns INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO created_totals (project_uid, runners)
  SELECT project_uid, count(*) FROM runners GROUP BY project_uid;
INSERT INTO created_totals (project_uid, sessions)
  SELECT project_uid, count(*) FROM sessions WHERE true GROUP BY project_uid
  ON CONFLICT DO UPDATE SET sessions = excluded.sessions;
INSERT INTO created_totals (project_uid, turns)
  SELECT sessions.project_uid, count(*) FROM turns JOIN sessions ON sessions.id = turns.session_id
  WHERE true GROUP BY sessions.project_uid
  ON CONFLICT DO UPDATE SET turns = excluded.turns;
CREATE TRIGGER runners_total AFTER INSERT ON runners BEGIN
  INSERT INTO created_totals (project_uid, runners) VALUES (new.project_uid, 1)
    ON CONFLICT DO UPDATE SET runners = runners + 1;
END;
CREATE TRIGGER sessions_total AFTER INSERT ON sessions BEGIN
  INSERT INTO created_totals (project_uid, sessions) VALUES (new.project_uid, 1)
    ON CONFLICT DO UPDATE SET sessions = sessions + 1;
END;
CREATE TRIGGER turns_total AFTER INSERT ON turns BEGIN
  INSERT INTO created_totals (project_uid, turns)
    SELECT project_uid, 1 FROM sessions WHERE id = new.session_id
    ON CONFLICT DO UPDATE SET turns = turns + 1;
END;

-- The day '' is all time.
CREATE TABLE usage_sums (
  day TEXT NOT NULL,
  project_uid TEXT NOT NULL,
  currency TEXT NOT NULL,
  cost_basis INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_nanos INTEGER NOT NULL,
  PRIMARY KEY (day, project_uid, currency, cost_basis)
) STRICT, WITHOUT ROWID;
INSERT INTO usage_sums
  SELECT spans.span, project_uid, currency, cost_basis, sum(input_tokens), sum(output_tokens),
    sum(cache_read_tokens), sum(cache_write_tokens), sum(reasoning_tokens), sum(cost_nanos)
  FROM usage_daily
  JOIN (SELECT DISTINCT day, day AS span FROM usage_daily UNION ALL SELECT DISTINCT day, '' FROM usage_daily) AS spans
    USING (day)
  GROUP BY spans.span, project_uid, currency, cost_basis;
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
`;
