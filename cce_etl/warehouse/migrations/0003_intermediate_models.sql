-- Models between core and marts have a schema of their own. The next build makes all of them there, and it makes the
-- facts of core anew.
CREATE SCHEMA intermediate;
DROP VIEW IF EXISTS core.step_lifetimes;
DROP VIEW IF EXISTS core.placed_jobs;
DROP VIEW IF EXISTS core.kept_jobs;
DROP TABLE IF EXISTS core.clusters;
DROP TABLE IF EXISTS core.compared_roots;
DROP TABLE IF EXISTS core.comparisons;
DROP TABLE IF EXISTS core.failed_roots;
DROP TABLE IF EXISTS core.failure_causes;
DROP TABLE IF EXISTS core.ingest_coverage;
DROP TABLE IF EXISTS core.ingest_runs;
DROP TABLE IF EXISTS core.moved_jobs;
DROP TABLE IF EXISTS core.reason_lines;
DROP TABLE IF EXISTS core.reason_templates;
DROP TABLE IF EXISTS core.root_placements;
DROP TABLE IF EXISTS core.running_step_odds;
DROP TABLE IF EXISTS core.slo_targets;
DROP TABLE IF EXISTS core.step_duration_figures;
DROP TABLE IF EXISTS core.step_horizons;
DROP TABLE IF EXISTS core.step_outcomes;
DROP TABLE IF EXISTS core.step_savings;
DROP TABLE IF EXISTS core.wilson_intervals;
DROP TABLE IF EXISTS marts.clock_findings;
DROP TABLE IF EXISTS marts.family_findings;
DROP TABLE IF EXISTS marts.identity_findings;
DROP TABLE IF EXISTS marts.root_jobs;
DROP TABLE IF EXISTS marts.steps;

-- Nothing is published before that build has come to its end.
UPDATE raw.model_builds SET model = 'incremental' WHERE model = 'by tree';
DELETE FROM raw.model_builds WHERE model = 'by tree, whole';

-- A run's steps share what its lists named and which gates it has passed.
CREATE TABLE raw.id_lists (
    run_id VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    origin VARCHAR NOT NULL,
    listed_at TIMESTAMP_NS NOT NULL,
    bad_entry_count BIGINT NOT NULL
);

CREATE TABLE raw.check_runs (
    run_id VARCHAR NOT NULL,
    gate VARCHAR NOT NULL,
    checked_at TIMESTAMP_NS NOT NULL,
    error_checks VARCHAR[] NOT NULL
);
