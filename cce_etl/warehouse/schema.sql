-- The tables that loading writes. Models under sql/ are built from core.jobs and are not listed here.
CREATE SCHEMA IF NOT EXISTS raw;
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS marts;

CREATE TABLE IF NOT EXISTS raw.job_ids (
    source VARCHAR NOT NULL,
    job_id VARCHAR NOT NULL,
    origin VARCHAR,
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
    resolved_at TIMESTAMP_NS
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
    received_bytes BIGINT NOT NULL
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
