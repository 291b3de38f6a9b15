-- Models made of changed trees alone need to know which changed, and what each model was last built from. A letter that
-- is brought up to date on each failure needs its beginning, to tell a new failure from a lasting one. It has no default:
-- DuckDB 1.5.5 cannot replay a log in which the table of a default that calls a function is altered.
CREATE TABLE raw.changed_roots (
    source VARCHAR NOT NULL,
    root_job_id VARCHAR NOT NULL
);

CREATE TABLE raw.model_builds (
    model VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    built_at TIMESTAMP_NS NOT NULL
);

ALTER TABLE raw.dead_letters ADD COLUMN opened_at TIMESTAMP_NS;
UPDATE raw.dead_letters SET opened_at = failed_at;

-- Models that there are no more.
DROP TABLE IF EXISTS core.step_duration_slices;
DROP TABLE IF EXISTS core.step_km_percentiles;
DROP TABLE IF EXISTS core.step_median_intervals;
