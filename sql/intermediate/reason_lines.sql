-- Every reason of a failed job as one line, in which instants and durations are masked as <*>. What
-- intermediate.reason_templates must not mask is marked: a control character and _ are put before its digits, which
-- makes them part of a word.
-- grain: reason
-- columns:
--   reason: the API's explanation of a failure, as sent
--   line: the same without line breaks and control characters, at most 4,000 characters; Ecs.0219 is Ecs\x01_0219 here,
--     status 503 is status \x02_503, IPv4 is IPv\x02_4
WITH reasons AS (
    SELECT DISTINCT reason
    FROM core.jobs
    WHERE canonical_phase = 'Failed' AND reason IS NOT NULL
),

-- Each expression works on the one before. The text's own control characters are removed before marks are set.
marked AS (
    SELECT
        reason,
        trim(regexp_replace(left(reason, 4000), '[\s\p{C}\p{Z}]+', ' ', 'g')) AS one_line,
        regexp_replace(one_line, '\b([A-Za-z]{2,})\.(\d{3,})\b', '\1' || chr(1) || '_\2', 'g') AS codes,
        regexp_replace(codes, '(?i)(code|status|http)(["'': =]{1,4})(\d{3})\b', '\1\2' || chr(2) || '_\3', 'g')
            AS statuses,
        regexp_replace(statuses, '(?i)\b(ipv)([46])\b', '\1' || chr(2) || '_\2', 'g') AS versions
    FROM reasons
),

-- A date is masked together with the time that follows it: 2018-08-02 08:12:40 +0000 UTC, Tue, 02 Jan 2024 15:04:05
-- GMT, or E1124 11:44:39 of klog. Durations are as Go writes them: 1h2m3.5s.
timed AS (
    SELECT
        reason,
        regexp_replace(versions, '\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w -]{4,11} (\d\d:)', '\2', 'g') AS weekdays,
        regexp_replace(weekdays, '\b(\d{4}[-/]\d\d[-/]\d\d|[IWEF]\d{4})[T ](\d\d:)', '\2', 'g') AS dates,
        regexp_replace(dates, '(^|[^\w:.])\d\d:\d\d:\d\d([.,]\d+)?', '\1<*>', 'g') AS clocks,
        regexp_replace(clocks, '<\*>(Z| ?[+-]\d\d:?\d\d)?( (UTC|GMT|CST|CES?T)\b)?', '<*>', 'g') AS zones,
        regexp_replace(zones, '\b(\d+h)?(\d+m)?\d+(\.\d+)?s\b', '<*>s', 'g') AS line
    FROM marked
)

SELECT
    reason,
    line
FROM timed
