/** The first schema. Committed SQL: once released it never changes. */
export const sql = `
CREATE TABLE projects (
  uid TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  path TEXT NOT NULL,
  archived INTEGER NOT NULL DEFAULT 0,
  quota BLOB,
  config BLOB,
  metadata TEXT NOT NULL DEFAULT '{}',
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE runners (
  id TEXT NOT NULL PRIMARY KEY,
  project_uid TEXT NOT NULL REFERENCES projects(uid),
  project_name TEXT NOT NULL,
  status INTEGER NOT NULL CHECK (status BETWEEN 1 AND 6),
  activity INTEGER NOT NULL DEFAULT 0,
  agent TEXT NOT NULL,
  model TEXT NOT NULL DEFAULT '',
  effective_model TEXT NOT NULL DEFAULT '',
  temperature REAL NOT NULL DEFAULT 0,
  max_tokens INTEGER NOT NULL DEFAULT 0,
  runtime_id TEXT NOT NULL DEFAULT '',
  external INTEGER NOT NULL DEFAULT 0,
  spec BLOB NOT NULL,
  quota BLOB,
  metadata TEXT NOT NULL DEFAULT '{}',
  warnings TEXT NOT NULL DEFAULT '[]',
  session_id TEXT,
  incarnation INTEGER NOT NULL DEFAULT 1,
  reason TEXT NOT NULL DEFAULT '',
  exit_code INTEGER,
  created_by TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_heartbeat INTEGER,
  started_at INTEGER,
  ended_at INTEGER,
  tokens_used INTEGER NOT NULL DEFAULT 0,
  usage BLOB,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX runners_by_project ON runners (project_name, status, created_at, id);
CREATE INDEX runners_by_status ON runners (status, created_at, id);
CREATE INDEX runners_of_project ON runners (project_uid);
CREATE INDEX runners_live ON runners (project_uid) WHERE status < 5;
CREATE UNIQUE INDEX runners_live_runtime_id ON runners (runtime_id) WHERE status < 5 AND runtime_id <> '';

CREATE TABLE runner_counts (
  project_name TEXT NOT NULL,
  project_uid TEXT NOT NULL,
  status INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (project_name, project_uid, status)
) STRICT, WITHOUT ROWID;
CREATE INDEX runner_counts_of_project ON runner_counts (project_uid);
CREATE TRIGGER runners_count_insert AFTER INSERT ON runners BEGIN
  INSERT INTO runner_counts VALUES (new.project_name, new.project_uid, new.status, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER runners_count_status AFTER UPDATE OF status ON runners WHEN old.status <> new.status BEGIN
  UPDATE runner_counts SET count = count - 1
    WHERE project_name = old.project_name AND project_uid = old.project_uid AND status = old.status;
  INSERT INTO runner_counts VALUES (new.project_name, new.project_uid, new.status, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER runners_count_delete AFTER DELETE ON runners BEGIN
  UPDATE runner_counts SET count = count - 1
    WHERE project_name = old.project_name AND project_uid = old.project_uid AND status = old.status;
END;

CREATE TABLE runner_processes (
  runner_id TEXT NOT NULL PRIMARY KEY REFERENCES runners(id) ON DELETE CASCADE,
  nonce TEXT NOT NULL UNIQUE,
  dir TEXT NOT NULL,
  handle TEXT,
  stdout_offset INTEGER NOT NULL DEFAULT 0,
  stderr_offset INTEGER NOT NULL DEFAULT 0,
  adapter_state TEXT,
  state TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
  id TEXT NOT NULL PRIMARY KEY,
  runner_id TEXT NOT NULL,
  project_uid TEXT NOT NULL,
  project_name TEXT NOT NULL,
  status INTEGER NOT NULL CHECK (status BETWEEN 1 AND 4),
  agent TEXT NOT NULL DEFAULT '',
  agent_session_id TEXT,
  model TEXT NOT NULL DEFAULT '',
  title TEXT NOT NULL DEFAULT '',
  token_count INTEGER NOT NULL DEFAULT 0,
  usage BLOB,
  metadata TEXT NOT NULL DEFAULT '{}',
  next_ordinal INTEGER NOT NULL DEFAULT 1,
  resumed_from TEXT,
  reason TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_activity INTEGER NOT NULL,
  ended_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX sessions_by_project ON sessions (project_name, status, created_at, id);
CREATE INDEX sessions_by_runner ON sessions (runner_id, status, created_at, id);
CREATE INDEX sessions_by_status ON sessions (status, created_at, id);

CREATE TABLE session_counts (
  project_name TEXT NOT NULL,
  project_uid TEXT NOT NULL,
  status INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (project_name, project_uid, status)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_counts_of_project ON session_counts (project_uid);
CREATE TRIGGER sessions_count_insert AFTER INSERT ON sessions BEGIN
  INSERT INTO session_counts VALUES (new.project_name, new.project_uid, new.status, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER sessions_count_status AFTER UPDATE OF status ON sessions WHEN old.status <> new.status BEGIN
  UPDATE session_counts SET count = count - 1
    WHERE project_name = old.project_name AND project_uid = old.project_uid AND status = old.status;
  INSERT INTO session_counts VALUES (new.project_name, new.project_uid, new.status, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER sessions_count_delete AFTER DELETE ON sessions BEGIN
  UPDATE session_counts SET count = count - 1
    WHERE project_name = old.project_name AND project_uid = old.project_uid AND status = old.status;
END;

CREATE TABLE turns (
  id TEXT NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
  runner_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  state INTEGER NOT NULL,
  prompt BLOB NOT NULL,
  stop_reason TEXT NOT NULL DEFAULT '',
  usage BLOB,
  error BLOB,
  created_by TEXT NOT NULL DEFAULT '',
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  ended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX turns_by_session ON turns (session_id, seq);
CREATE INDEX turns_open ON turns (session_id, seq) WHERE ended_at IS NULL;

CREATE TABLE messages (
  session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  turn_id TEXT,
  role TEXT NOT NULL,
  content TEXT NOT NULL DEFAULT '',
  parts BLOB NOT NULL,
  complete INTEGER NOT NULL DEFAULT 0,
  usage BLOB,
  metadata TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  completed_at INTEGER,
  PRIMARY KEY (session_id, ordinal)
) STRICT;

CREATE TABLE message_chunks (
  session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  chunk BLOB NOT NULL,
  PRIMARY KEY (session_id, ordinal, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals (
  id TEXT NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
  runner_id TEXT NOT NULL,
  turn_id TEXT,
  project_name TEXT NOT NULL,
  state INTEGER NOT NULL,
  agent_request_id TEXT NOT NULL,
  request BLOB NOT NULL,
  resolution BLOB,
  created_at INTEGER NOT NULL,
  deadline INTEGER,
  resolved_at INTEGER,
  resolved_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX approvals_pending ON approvals (created_at, id) WHERE resolved_at IS NULL;
CREATE INDEX approvals_by_agent_request ON approvals (runner_id, agent_request_id);
CREATE INDEX approvals_of_session ON approvals (session_id);

CREATE TABLE events (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  type INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  runner_id TEXT NOT NULL DEFAULT '',
  project_name TEXT NOT NULL DEFAULT '',
  project_uid TEXT NOT NULL DEFAULT '',
  session_id TEXT NOT NULL DEFAULT '',
  payload_type TEXT NOT NULL DEFAULT '',
  payload BLOB NOT NULL,
  metadata TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX events_by_runner ON events (runner_id, seq);
CREATE INDEX events_by_project ON events (project_name, seq);
CREATE INDEX events_by_type ON events (type, seq);

CREATE TABLE usage_daily (
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
  PRIMARY KEY (project_uid, day, runner_id, session_id, model, cost_basis, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE requests (
  scope TEXT NOT NULL,
  request_id TEXT NOT NULL,
  body_hash BLOB NOT NULL,
  response BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (scope, request_id)
) STRICT;
CREATE INDEX requests_by_age ON requests (created_at);

CREATE TABLE meta (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
