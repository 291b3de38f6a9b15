-- The tables that loading writes. The models in sql/ have no table here: building creates theirs.
CREATE SCHEMA IF NOT EXISTS raw;
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS intermediate;
CREATE SCHEMA IF NOT EXISTS marts;

CREATE TABLE IF NOT EXISTS raw.schema_version (
    version INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS raw.job_ids (
    source VARCHAR NOT NULL,
    job_id VARCHAR NOT NULL,
    origin VARCHAR,
    is_autopilot BOOLEAN NOT NULL DEFAULT false,
    state VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    first_listed_at TIMESTAMP_NS,
    last_listed_at TIMESTAMP_NS,
    last_fetched_at TIMESTAMP_NS
);

CREATE TABLE IF NOT EXISTS raw.job_payloads (
    source VARCHAR NOT NULL,
    job_id VARCHAR NOT NULL,
    dialect VARCHAR NOT NULL,
    fetched_at TIMESTAMP_NS,
    body BLOB NOT NULL,
    body_bytes INTEGER NOT NULL,
    body_sha256 BLOB NOT NULL
);

CREATE TABLE IF NOT EXISTS raw.dead_letters (
    source VARCHAR NOT NULL,
    job_id VARCHAR,
    kind VARCHAR NOT NULL,
    http_status INTEGER,
    error_code VARCHAR,
    message VARCHAR NOT NULL,
    body_excerpt VARCHAR,
    attempts INTEGER NOT NULL,
    failed_at TIMESTAMP_NS NOT NULL,
    resolved_at TIMESTAMP_NS,
    opened_at TIMESTAMP_NS
);

CREATE TABLE IF NOT EXISTS raw.fetch_runs (
    run_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    command VARCHAR NOT NULL,
    started_at TIMESTAMP_NS NOT NULL,
    ended_at TIMESTAMP_NS,
    requested BIGINT NOT NULL,
    fetched BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    gone BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    dead_lettered BIGINT NOT NULL,
    core_row_count BIGINT NOT NULL,
    request_count BIGINT NOT NULL,
    retry_count BIGINT NOT NULL,
    throttled_count BIGINT NOT NULL,
    waited_seconds DOUBLE NOT NULL,
    received_bytes BIGINT NOT NULL,
    p50_latency_seconds DOUBLE,
    p95_latency_seconds DOUBLE
);

-- The lists of job ids that runs read.
CREATE TABLE IF NOT EXISTS raw.id_lists (
    run_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    origin VARCHAR NOT NULL,
    listed_at TIMESTAMP_NS NOT NULL,
    bad_entry_count BIGINT NOT NULL
);

-- The gates of checks that runs went through, with the checks of severity error that failed.
CREATE TABLE IF NOT EXISTS raw.check_runs (
    run_id VARCHAR NOT NULL,
    gate VARCHAR NOT NULL,
    checked_at TIMESTAMP_NS NOT NULL,
    error_checks VARCHAR[] NOT NULL
);

CREATE TABLE IF NOT EXISTS raw.clusters (
    source VARCHAR NOT NULL,
    cluster_id VARCHAR NOT NULL,
    name VARCHAR,
    version VARCHAR,
    flavor VARCHAR,
    cluster_type VARCHAR,
    availability_zones VARCHAR[],
    created_at TIMESTAMP_NS,
    created_text VARCHAR,
    observed_at TIMESTAMP_NS NOT NULL
);

-- Trees that were replaced or fetched again since the models were last built; a tree may have several rows.
CREATE TABLE IF NOT EXISTS raw.changed_roots (
    source VARCHAR NOT NULL,
    root_job_id VARCHAR NOT NULL
);

-- The fingerprint of the SQL and code that the incremental models were last built with.
CREATE TABLE IF NOT EXISTS raw.model_builds (
    model VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    built_at TIMESTAMP_NS NOT NULL
);

CREATE TABLE IF NOT EXISTS core.jobs (
    source VARCHAR NOT NULL,
    job_id VARCHAR NOT NULL,
    parent_job_id VARCHAR,
    root_job_id VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    depth INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    job_type VARCHAR,
    cluster_id VARCHAR,
    resource_id VARCHAR,
    resource_name VARCHAR,
    phase VARCHAR,
    canonical_phase VARCHAR,
    reason VARCHAR,
    planned_at TIMESTAMP_NS,
    created_at TIMESTAMP_NS,
    updated_at TIMESTAMP_NS,
    completed_at TIMESTAMP_NS,
    created_text VARCHAR,
    updated_text VARCHAR,
    extend_param MAP(VARCHAR, VARCHAR),
    extra JSON,
    is_leaf BOOLEAN NOT NULL,
    has_uid BOOLEAN NOT NULL,
    observed_at TIMESTAMP_NS
);

COMMENT ON TABLE core.jobs IS
'Every node of every job''s tree as the API sent it; nothing is corrected. Grain: source, root_job_id, path.';
COMMENT ON COLUMN core.jobs.source IS 'one project in one region';
COMMENT ON COLUMN core.jobs.job_id IS 'the job''s uid; <root_job_id>/<path> when none was sent';
COMMENT ON COLUMN core.jobs.parent_job_id IS 'the parent''s id, NULL for the root';
COMMENT ON COLUMN core.jobs.root_job_id IS 'the id the tree was asked for by';
COMMENT ON COLUMN core.jobs.path IS 'ordinals from the root joined by ''/'', '''' for the root';
COMMENT ON COLUMN core.jobs.depth IS 'levels below the root, 0 for the root';
COMMENT ON COLUMN core.jobs.ordinal IS 'position among the sub-jobs of its parent, from 0';
COMMENT ON COLUMN core.jobs.job_type IS 'what the job does, as sent';
COMMENT ON COLUMN core.jobs.cluster_id IS 'the cluster it says it works on';
COMMENT ON COLUMN core.jobs.resource_id IS 'the resource it works on';
COMMENT ON COLUMN core.jobs.resource_name IS 'that resource''s name';
COMMENT ON COLUMN core.jobs.phase IS 'the phase as sent';
COMMENT ON COLUMN core.jobs.canonical_phase IS
'Initializing, Running, Success or Failed; NULL when the text sent means none of them';
COMMENT ON COLUMN core.jobs.reason IS 'the API''s words on the phase';
COMMENT ON COLUMN core.jobs.planned_at IS 'when it was planned, from its UUID version 1, UTC';
COMMENT ON COLUMN core.jobs.created_at IS 'creationTimestamp: when it started, UTC; NULL when missing or unreadable';
COMMENT ON COLUMN core.jobs.updated_at IS 'updateTimestamp: when it ended, or was last written while running, UTC';
COMMENT ON COLUMN core.jobs.completed_at IS 'completionTime, which only API v2 sends, UTC';
COMMENT ON COLUMN core.jobs.created_text IS 'creationTimestamp as sent';
COMMENT ON COLUMN core.jobs.updated_text IS 'updateTimestamp as sent';
COMMENT ON COLUMN core.jobs.extend_param IS 'extendParam: values as sent, others than text as their JSON text';
COMMENT ON COLUMN core.jobs.extra IS 'keys this project does not know, in the places they were sent in';
COMMENT ON COLUMN core.jobs.is_leaf IS 'true when it has no sub-jobs';
COMMENT ON COLUMN core.jobs.has_uid IS 'false when the body had no uid and job_id was made from the path';
COMMENT ON COLUMN core.jobs.observed_at IS 'when its root was last fetched, UTC; elapsed times run to it';
