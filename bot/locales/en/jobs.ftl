# Texts for people, in English. The folders of the other languages have the same keys with the same arguments.

## What a job is doing

job-queued = { $position ->
    [1] Your picture is next.
   *[other] Your picture is number { $position } in the queue.
}
job-queued-until = { $position ->
    [1] Your picture is next, { $about }.
   *[other] Your picture is number { $position } in the queue, { $about }.
}
about-seconds = about { $count } seconds
about-minutes = { $count ->
    [one] about a minute
   *[other] about { $count } minutes
}
about-hours = about { $count } hours
job-running = Drawing, step { $step } of { $steps }.

## How a job ended

job-done = { $count ->
    [one] Here is your picture.
   *[other] Here are your { $count } pictures.
}
job-withheld = { $count ->
    [one] Your picture was drawn, but it is withheld: it may not be shown here. It does not count against your limits.
   *[other] Your { $count } pictures were drawn, but they are withheld: they may not be shown here. They do not count against your limits.
}
job-deleted = The pictures of job { $job } were deleted.
job-gone = The pictures of job { $job } are not kept here any more. Their recipe is, so they can be drawn again.
job-cancelled = Job { $job } was cancelled.
job-expired = Job { $job } waited too long and was given up. Please ask again.
job-failed-invalid-request = This model cannot draw job { $job } with these settings. Please try another size or fewer steps.
job-failed-model = The model for job { $job } could not be loaded. The person who runs this service can find the reason in its log.
job-failed-out-of-memory = There was not enough memory for job { $job }. Please try a smaller size.
job-failed-storage = The picture of job { $job } could not be saved. The person who runs this service can find the reason in its log.
job-failed-stalled = Job { $job } made no progress, twice. The person who runs this service can find the reason in its log.
job-failed-crashed = The service stopped while it drew job { $job }, twice. It will not be tried again.
job-failed-internal = Something went wrong while job { $job } was drawn. It is not your fault. Please try again.

## What is said beside a result

note-prompt-truncated = The prompt is longer than this model can read; the end of it had no effect.
note-withheld = { $count ->
    [one] One more picture was drawn and is withheld: it may not be shown here.
   *[other] { $count } more pictures were drawn and are withheld: they may not be shown here.
}
note-spoiler = { $count ->
    [one] A picture is covered because it may not be for everybody.
   *[other] { $count } pictures are covered because they may not be for everybody.
}
note-blurred = { $count ->
    [one] A picture is blurred because it may not be shown here as it is.
   *[other] { $count } pictures are blurred because they may not be shown here as they are.
}
note-gone = { $count ->
    [one] One more picture is not kept here any more.
   *[other] { $count } more pictures are not kept here any more.
}
note-enlarged = Enlarged to { $size } as it is: this model has learnt one size only and would draw something else in a larger picture.
note-style = Style: { $style }
note-prompt = Prompt as used: { $prompt }
note-steps = Steps: { $used } instead of { $asked }, the nearest that is possible here.
note-guidance = Guidance: { $used } instead of { $asked }, the nearest that is possible here.
note-size = Size: { $used } instead of { $asked }, the nearest that is possible here.
note-strength = Strength: { $used } instead of { $asked }, the nearest that is possible here.
note-clip-skip = Clip skip: { $used } instead of { $asked }, the nearest that is possible here.
note-count = Pictures: { $used } instead of { $asked }, the most that is possible here.
recipe = Seed { $seed } · { $steps ->
    [one] { $steps } step
   *[other] { $steps } steps
} · guidance { $guidance } · { $size } · { $scheduler } · { $model }
