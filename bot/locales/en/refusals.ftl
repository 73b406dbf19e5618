## Refusals

refused-queued = { $limit ->
    [one] Your last picture is not finished yet. You can ask again when it is.
   *[other] You have { $queued } unfinished jobs, and { $limit } are allowed at once. You can ask again when one of them is finished.
}
refused-queue-full = The queue is full with { $limit } jobs. Please try again in a few minutes.
refused-per-minute = { $limit ->
    [one] One job is allowed within a minute. You can ask again { $again }.
   *[other] { $limit } jobs are allowed within a minute, and you have used them all. You can ask again { $again }.
}
refused-per-hour = { $limit ->
    [one] One job is allowed within an hour. You can ask again { $again }.
   *[other] { $limit } jobs are allowed within an hour, and you have used them all. You can ask again { $again }.
}
refused-per-day = { $limit ->
    [one] One job is allowed within 24 hours. You can ask again { $again }.
   *[other] { $limit } jobs are allowed within 24 hours, and you have used them all. You can ask again { $again }.
}
refused-cooldown = { $seconds ->
    [one] One second has to pass between two jobs. You can ask again { $again }.
   *[other] { $seconds } seconds have to pass between two jobs. You can ask again { $again }.
}
refused-stopping = The service is being stopped. Please ask again in a minute.
refused-draining = No new jobs are taken at the moment. Please try again later.
refused-words = A rule of this server does not allow this prompt. Nothing was drawn.
refused-words-admin = The word rule "{ $rule }" does not allow this prompt. Nothing was drawn.
blocked = You may not draw here.
blocked-until = You may not draw here until { $until }.
blocked-reason = The reason: { $reason }

## Times

again-seconds = { $seconds ->
    [one] in a second
   *[other] in { $seconds } seconds
}
again-today = at { $clock } (in { $wait })
again-tomorrow = tomorrow at { $clock } (in { $wait })
again-later = in { $days } days at { $clock } (in { $wait })
wait-minutes = { $count ->
    [one] a minute
   *[other] { $count } minutes
}
wait-hours = { $count ->
    [one] an hour
   *[other] { $count } hours
}
