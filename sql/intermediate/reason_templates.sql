-- Every reason of a failed job as a template: all that varies from one failure to the next is masked as <*>, the sign
-- of the Drain log parser (P. He and others, 2017). Masked are times, ids, hexadecimal numbers, numbers, IP addresses,
-- and names of hosts and resources. A name without a digit is recognized by its quotes or by the word before it. Codes
-- (Ecs.0219, status 503), flavors (c7n.large.2), IPv4, IPv6 and quoted words such as "NotReady" distinguish reasons,
-- and stay.
-- grain: reason
-- columns:
--   reason: the API's explanation of a failure, as sent
--   reason_template: its template, one line of at most 300 characters; NULL when the reason says nothing
-- Each expression works on the one before. Quotes are recognized by what is beside them: neither the "key": of JSON nor
-- the apostrophe of can't counts.
WITH unquoted AS (
    SELECT
        reason,
        regexp_replace(
            line,
            '["`]([a-z][^"`\s\x01\x02]*|[^"`\s:,{}\x01\x02]*[^"`\sA-Za-z:,{}\x01\x02][^"`\s\x01\x02]*)["`]($|[^:])',
            '<*>\2',
            'g'
        ) AS doubly,
        regexp_replace(
            doubly, '(^|[\s(=:,\[])''([a-z][^''\s]*|[^''\s]*[^''\sA-Za-z][^''\s]*)''', '\1<*>', 'g'
        ) AS line
    FROM intermediate.reason_lines
),

-- IP addresses with their port, words of digits and hyphens, hexadecimals, words of letters and digits.
without_ids AS (
    SELECT
        reason,
        regexp_replace(
            line, '(\[?::ffff:)?\b\d{1,3}(\.\d{1,3}){3}\b\]?(/\d{1,2}\b)?(:\d{1,5}\b)?', '<*>', 'g'
        ) AS v4,
        regexp_replace(
            v4,
            '(^|[^\w:.])(([\da-fA-F]{1,4}:|::)([\da-fA-F]{0,4}:){1,6}[\da-fA-F]{0,4}|::[\da-fA-F]{1,4})(%\w+|/\d+)?',
            '\1<*>',
            'g'
        ) AS v6,
        regexp_replace(
            v6, '\b([\w-]+\.)*(\w*\d\w*(-\w+)+|\w+(-\w+)*-\w*\d\w*(-\w+)*)(\.[\w-]+)*', '<*>', 'g'
        ) AS hyphenated,
        regexp_replace(
            hyphenated,
            '\b(0[xX][\da-fA-F]+|[\da-fA-F]{8,}|\w*\d[A-Za-z]+\d\w*|[A-Za-z]+\d{2,}[A-Za-z]\w*|[A-Za-z]{3,}\d+)\b',
            '<*>',
            'g'
        ) AS line
    FROM unquoted
),

-- Hosts with two dots, the word after node, server and the like, numbers, then lists of masked parts.
without_names AS (
    SELECT
        reason,
        '(?i)\b(node|server|host|instance|pod|cluster|pool|subnet|vpc|volume|disk|member|resource|name)' AS noun,
        regexp_replace(line, '\b[a-z0-9-]+(\.[a-z0-9-]+)+\.[a-z]{2,}\b', '<*>', 'g') AS hosts,
        regexp_replace(hosts, noun || '( |=|: ?)[a-z_]+([-.][a-z_]+)+\b', '\1\2<*>', 'g') AS named,
        regexp_replace(named, noun || '=[^\s,;)<]+', '\1=<*>', 'g') AS assigned,
        regexp_replace(assigned, '(^|[^A-Za-z0-9_.])[+-]?\d+([.,]\d+)*', '\1<*>', 'g') AS numbers,
        regexp_replace(numbers, '(\[<\*>\]|<\*>)((, ?|; ?| |:|/)<\*>)+', '<*>', 'g') AS line
    FROM without_ids
)

SELECT
    reason,
    nullif(left(replace(replace(line, chr(1) || '_', '.'), chr(2) || '_', ''), 300), '') AS reason_template
FROM without_names
