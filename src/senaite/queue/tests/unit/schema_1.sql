-- The task store as version 1 made it, in SQLite

CREATE TABLE schema_version (
    version INTEGER NOT NULL
);

CREATE TABLE site (
    site VARCHAR(255) NOT NULL,
    epoch VARCHAR(16) NOT NULL,
    counter BIGINT NOT NULL,
    forgotten BIGINT NOT NULL,
    top_priority TEXT NOT NULL,
    PRIMARY KEY (site)
);

CREATE TABLE task (
    site VARCHAR(255) NOT NULL,
    task_uid VARCHAR(64) NOT NULL,
    seq BIGINT NOT NULL,
    state VARCHAR(16) NOT NULL,
    name VARCHAR(100) NOT NULL,
    lane TEXT NOT NULL,
    tier INTEGER NOT NULL,
    rank FLOAT NOT NULL,
    ready BOOLEAN NOT NULL,
    visible_at FLOAT NOT NULL,
    context_uid VARCHAR(64) NOT NULL,
    locks TEXT,
    job_uid VARCHAR(64) NOT NULL,
    created FLOAT NOT NULL,
    started FLOAT,
    ended FLOAT,
    retries INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    chunk_size INTEGER NOT NULL,
    max_seconds FLOAT NOT NULL,
    consumer_id VARCHAR(200),
    lease_until FLOAT,
    error_message TEXT,
    note TEXT,
    version BIGINT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (site, task_uid)
);

CREATE INDEX ix_task_consumer ON task (site, consumer_id, lease_until);

CREATE INDEX ix_task_lease ON task (site, lease_until);

CREATE INDEX ix_task_delayed ON task (site, state, ready, visible_at);

CREATE INDEX ix_task_head ON task (site, lane, state, ready, tier, rank, context_uid, seq);

CREATE INDEX ix_task_ended ON task (site, state, ended);

CREATE INDEX ix_task_state ON task (site, state, tier, rank, context_uid, seq);

CREATE INDEX ix_task_context ON task (site, context_uid, name, state);

CREATE UNIQUE INDEX ix_task_version ON task (site, version);

CREATE INDEX ix_task_job ON task (site, job_uid, state);

CREATE TABLE task_uid_index (
    site VARCHAR(255) NOT NULL,
    uid VARCHAR(64) NOT NULL,
    task_uid VARCHAR(64) NOT NULL,
    PRIMARY KEY (site, uid, task_uid)
)
 WITHOUT ROWID

;

CREATE INDEX ix_involved_task ON task_uid_index (site, task_uid);

CREATE TABLE lane (
    site VARCHAR(255) NOT NULL,
    lane TEXT NOT NULL,
    name VARCHAR(100) NOT NULL,
    gate VARCHAR(80) NOT NULL,
    running_uid VARCHAR(64),
    head_uid VARCHAR(64),
    tier INTEGER,
    rank FLOAT,
    context_uid VARCHAR(64),
    seq BIGINT,
    locks TEXT,
    PRIMARY KEY (site, lane)
);

CREATE INDEX ix_lane_gate ON lane (site, gate, tier, rank, context_uid, seq);

CREATE TABLE lock_in_use (
    site VARCHAR(255) NOT NULL,
    uid VARCHAR(64) NOT NULL,
    lane TEXT NOT NULL,
    task_uid VARCHAR(64),
    PRIMARY KEY (site, uid)
);

CREATE INDEX ix_lock_task ON lock_in_use (site, task_uid);

CREATE INDEX ix_lock_lane ON lock_in_use (site, lane);

CREATE TABLE attempt (
    site VARCHAR(255) NOT NULL,
    task_uid VARCHAR(64) NOT NULL,
    number INTEGER NOT NULL,
    consumer_id VARCHAR(200) NOT NULL,
    started FLOAT NOT NULL,
    ended FLOAT,
    outcome VARCHAR(16),
    error_message TEXT,
    traceback TEXT,
    PRIMARY KEY (site, task_uid, number)
);

CREATE TABLE job (
    site VARCHAR(255) NOT NULL,
    job_uid VARCHAR(64) NOT NULL,
    name VARCHAR(100) NOT NULL,
    username TEXT,
    context_uid VARCHAR(64) NOT NULL,
    context_path TEXT NOT NULL,
    created FLOAT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    cancelled BOOLEAN NOT NULL,
    PRIMARY KEY (site, job_uid)
);

CREATE TABLE consumer (
    site VARCHAR(255) NOT NULL,
    consumer_id VARCHAR(200) NOT NULL,
    name VARCHAR(128) NOT NULL,
    last_seen FLOAT NOT NULL,
    PRIMARY KEY (site, consumer_id)
);

CREATE INDEX ix_consumer_name ON consumer (site, name);
