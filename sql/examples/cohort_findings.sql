/* For whom are steps slow, or do they fail?

job_type, measure: the kind of step, and whether it takes longer (duration) or fails more often (failure)
cohort: who is concerned, as dimension=value
since: since when, UTC; NULL for the whole time
ratio, ratio_low, ratio_high: how many times as long, or as often, as for all others, with its 95 % interval
root_count, other_root_count: root jobs compared
q_value: share of false findings to expect among those as sure as this one */
SELECT
    job_type,
    measure,
    dimensions[1] || '=' || dimension_values[1] || coalesce(', ' || dimensions[2] || '=' || dimension_values[2], '')
        AS cohort,
    since,
    ratio,
    ratio_low,
    ratio_high,
    root_count,
    other_root_count,
    q_value
FROM marts.step_cohorts
ORDER BY q_value, job_type, measure, rank
