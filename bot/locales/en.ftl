# Texts for people, in English. The other files have the same keys with the same arguments.

## What a job is doing

job-queued = { $position ->
    [1] Your picture is next.
   *[other] Your picture is number { $position } in the queue.
}
job-running = Drawing, step { $step } of { $steps }.

## How a job ended

job-done = { $count ->
    [one] Here is your picture.
   *[other] Here are your { $count } pictures.
}
job-cancelled = Job { $job } was cancelled.
job-expired = Job { $job } waited too long and was given up. Please ask again.
job-failed-invalid-request = This model cannot draw job { $job } with these settings. Please try another size or fewer steps.
job-failed-model = The model for job { $job } could not be loaded. The person who runs this service finds the reason in its log.
job-failed-out-of-memory = There was not enough memory for job { $job }. Please try a smaller size.
job-failed-storage = The picture of job { $job } could not be saved. The person who runs this service finds the reason in its log.
job-failed-stalled = Job { $job } made no progress, twice. The person who runs this service finds the reason in its log.
job-failed-crashed = The service stopped while it drew job { $job }, twice. It will not be tried again.
job-failed-internal = Something went wrong while job { $job } was drawn. It is not your fault. Please try again.

## What is said beside a result

note-prompt-truncated = The prompt is longer than this model can read; the end of it had no effect.
note-steps = Steps: { $used } instead of { $asked }, the nearest that is possible here.
note-guidance = Guidance: { $used } instead of { $asked }, the nearest that is possible here.
note-size = Size: { $used } instead of { $asked }, the nearest that is possible here.
note-count = Pictures: { $used } instead of { $asked }, the most that is possible here.
recipe = Seed { $seed } · { $steps ->
    [one] { $steps } step
   *[other] { $steps } steps
} · guidance { $guidance } · { $size } · { $scheduler } · { $model }

## Commands

help-intro = Tell me what to draw and I will draw it. A line without a command is a prompt.
help-usage = { $command } – { $description }
help-argument = prompt
command-draw = draws a picture
command-help = shows this text
option-no = what should not be in the picture
option-steps = how often the picture is refined; more is slower
option-size = width and height in pixels
option-guidance = how closely the picture follows the prompt
option-seed = the same seed and settings give the same picture
option-count = how many pictures
option-scheduler = how noise is taken away, for example DDIM or Euler
option-model = which model draws

## What a person can put right

error-empty-prompt = Please say what to draw, for example: /draw 後藤ひとり
error-prompt-too-long = The prompt has { $chars } characters; at most { $max } are possible.
error-unknown-command = There is no command /{ $name }. /help shows what I understand.
error-unknown-option = /{ $command } has no option --{ $name }. It has: { $known }
error-option-without-use = /{ $command } takes nothing after its name.
error-missing-value = --{ $option } needs a value, for example: --{ $option } { $example }
error-bad-value = "{ $value }" is not possible for --{ $option }. An example: --{ $option } { $example }
error-unknown-choice = There is no { $option } "{ $value }". There is: { $known }

## Refusals

refused-queued-per-user = { $limit ->
    [one] Your last picture is not finished yet. You can ask again when it is.
   *[other] You have { $queued } unfinished jobs, and { $limit } are allowed at once. You can ask again when one of them is finished.
}
refused-queue-full = The queue is full with { $limit } jobs. Please try again in a few minutes.
refused-stopping = The service is being stopped. Please ask again in a minute.
refused-per-day = You have used all { $limit } jobs of the last 24 hours. You can ask again { $again }.
again-minutes = { $minutes ->
    [one] in a minute
   *[other] in { $minutes } minutes
}
again-hours = { $hours ->
    [one] in an hour
   *[other] in { $hours } hours
}

## Faults of the service

internal-error = Something went wrong here. It is not your fault, and the reason is in the service's log.

## The web page

web-tagline = A chat that draws what you describe.
web-welcome-title = What shall I draw?
web-welcome-text = Describe somebody in English or Japanese. The picture appears here while it is drawn, on this machine.
web-examples = Examples
web-example-1 = silver hair, twintails, red eyes, black kimono, starry night
web-example-2 = smiling girl with green bob cut, glasses, yellow hoodie
web-messages = Messages
web-composer = Command or prompt
web-placeholder = Describe a picture
web-hint = Enter sends · Shift + Enter starts a new line · ↑ brings back what you typed · /help
web-send = Send
web-you = You:
web-progress = Progress of the picture
web-earlier = Show earlier pictures
web-newest = Newest
web-draw-again = Draw again
web-copy-recipe = Copy recipe
web-copied = Copied
web-download = Download
web-retry = Send again
web-recipe-negative = Without
web-recipe-seed = Seed
web-recipe-steps = Steps
web-recipe-guidance = Guidance
web-recipe-size = Size
web-recipe-scheduler = Scheduler
web-recipe-model = Model
web-offline = Connecting again …
web-problem-offline = The service cannot be reached.
web-problem-refused = The service did not accept this request. Please reload the page.
web-problem-too-large = This text is far too long.
web-problem-unknown = Something went wrong in the service.
web-login-text = This chat is private.
web-login-token = Access token
web-login-enter = Enter
web-login-wrong = That is not the token.
