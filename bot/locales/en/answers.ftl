## Answers of commands

ping = Ekaki { $version } is here.
queue-counts = { $running } being drawn, { $waiting } waiting.
queue-own = Your job { $job } is number { $position } in the queue.
queue-own-running = Your job { $job } is being drawn.
queue-remaining = { $line } It will be there in { $about }.
queue-other = { $position ->
    [0] now: job { $job }{ $user }
   *[other] { $position }: job { $job }{ $user }
}
queue-whose = { " " }({ $user })
queue-paused = Drawing is paused; jobs are taken and wait.
queue-draining = No new jobs are taken at the moment.

quota-minute = Last minute
quota-hour = Last hour
quota-day = Last 24 hours
quota-unlimited = { $window }: { $used ->
    [one] { $used } job
   *[other] { $used } jobs
}, without limit.
quota-left = { $window }: { $used } of { $limit } jobs used, { $left } left.
quota-more = { $line } One more { $again }.
quota-unfinished = Unfinished: { $unfinished }.
quota-unfinished-of = Unfinished: { $unfinished } of at most { $limit }.
quota-cooldown = The next job is possible { $again }.
quota-picture = One job: at most { $count ->
    [one] one picture
   *[other] { $count } pictures
}, { $steps } steps, and as many pixels as { $size }.

models-intro = Models, the usual one first (--model):
models-line = { $id } – { $description } ({ $size }, { $steps } steps)
styles-none = There are no styles here.
styles-intro = Styles (--style):
styles-line = { $name } – { $prompt }
styles-line-negative = { $name } – { $prompt } (not: { $negative })

settings-kept = Your settings were changed.
settings-line = { $name }: { $value }
settings-usual = as usual
settings-size = Size
settings-model = Model
settings-style = Style
settings-language = Language
settings-private = Private
flag-yes = yes
flag-no = no
language-name = English

history-intro = Your jobs, the newest first:
history-found = Your jobs with "{ $find }", the newest first:
history-none = You have no jobs here. Tell me what to draw!
history-nothing-found = None of your jobs has "{ $find }".
history-nothing-found-yet = None of the { $jobs } jobs that I looked at has "{ $find }". There are older ones.
history-nothing-older = No older job of yours has "{ $find }".
history-none-yet = The { $jobs } jobs that I looked at were deleted. There are older ones.
history-none-older = You have no older jobs.
history-line = { $job } · { $time } · { $prompt }{ $state }
history-queued = { " " }(waiting)
history-running = { " " }(being drawn)
history-done = { "" }
history-failed = { " " }(failed)
history-cancelled = { " " }(cancelled)
history-expired = { " " }(given up)

cancel-ended = Job { $job } was taken out of the queue.
cancel-ending = Job { $job } ends with the present step.
deleted = { $images ->
    [0] Job { $job } had no pictures; its message was removed.
    [one] The picture of job { $job } was deleted.
   *[other] The { $images } pictures of job { $job } were deleted.
}
deleted-without-message = The pictures of job { $job } were deleted, but its message could not be removed. Please remove it yourself.
originals = { $files ->
    [one] Here is the file as it is stored.
   *[other] Here are the { $files } files as they are stored.
}
show-not-here = The rules for pictures are stricter here than where job { $job } was drawn, so its pictures are not shown. To draw it again under the rules of this place: /again { $job }
edit-ask = What should job { $job } show instead? You can also write: /edit { $job } and the new prompt.
edit-label = New prompt
forget-ask = This deletes all your jobs, pictures and settings for ever. Nobody can bring them back. To confirm, press the button or write: /forgetme { $code }
forget-left = { $jobs ->
    [one] One job is not finished; ask again when it is.
   *[other] { $jobs } jobs are not finished; ask again when they are.
}
forget-done = Everything was deleted: { $jobs ->
    [one] one job
   *[other] { $jobs } jobs
}, { $images ->
    [one] one picture
   *[other] { $images } pictures
}, your settings.
