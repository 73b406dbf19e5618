## What admins read

admin-elsewhere = You can only change your own server here.
admin-set-by-owner = Those who run this service have set this; only they can change it.
admin-too-long = This is too long. It can have at most { $max } characters.
admin-too-many = There are { $max } rules for this place already. Please remove some first.
admin-more = … and { $count } more
admin-everywhere = everywhere
admin-server = { $platform } server { $server }
admin-until = until { $until }
admin-for-ever = without end

## Blocks

admin-blocked = { $user } is blocked: { $place }, { $until }.
admin-not-an-admin = { $user } is an admin of this service and cannot be blocked.
admin-unblocked = { $user } is not blocked any more: { $place }.
admin-not-blocked = { $user } was not blocked: { $place }.
admin-blocks = { $count ->
    [0] Nobody is blocked.
    [one] One block:
   *[other] { $count } blocks:
}

## Limits

admin-limits-all = All rules, the most general first:
admin-limits-of = These limits hold for { $scope } (0 is without limit):
admin-limit-line = { $limit } ({ $origin }: { $scope })
admin-limit-from-settings = settings
admin-limit-from-admin = an admin
admin-limit-from-moderator = an admin of the server
admin-limits-set = From now on, for { $scope }: { $limits }
admin-limits-reset = The settings hold again for { $scope }.
admin-limits-not-set = No admin has set limits for { $scope }.
admin-limits-beyond = In your server you can only be stricter than the settings of the service. Too generous: { $limits }
admin-limit-without-value = "{ $word }" is not a name with a value, like per_day=20.
admin-limit-unknown = There is no "{ $name }". There is: { $known }
admin-limit-twice = "{ $name }" is given twice.
admin-limit-no-number = { $name } must be a whole number, not "{ $value }".
admin-limit-out-of-bounds = { $name } must be from { $min } to { $max }, not { $value }.

## Words

admin-word-added = Word rule { $id } holds now: { $rule } ({ $place })
admin-word-unusable = This rule cannot be used: { $reason }
admin-word-removed = Word rule { $id } is gone.
admin-word-unknown = There is no word rule { $id } here. /admin words list shows them.
admin-words = { $count ->
    [0] There is no word rule of an admin here.
    [one] One word rule:
   *[other] { $count } word rules:
}

## Queue and settings

admin-paused = The queue is paused. New jobs are taken and wait.
admin-resumed = The queue is open. Jobs are taken and drawn.
admin-draining = The queue takes no new jobs. Those that wait are drawn.
admin-cleared = { $count ->
    [0] Nothing was waiting: { $place }.
    [one] One waiting job was ended: { $place }.
   *[other] { $count } waiting jobs were ended: { $place }.
}
admin-reloaded = The settings were read again and hold now.
admin-needs-restart = These need a restart: { $settings }
admin-reload-failed = Nothing was changed, because the settings cannot be used:

## Statistics and changes

admin-stats = { $days ->
    [one] Today
   *[other] The last { $days } days
}, { $place }: jobs { $jobs }, pictures { $images }, seconds of drawing { $seconds }
admin-stats-colours = The chart: jobs are blue, those that failed red, people yellow; pictures green; seconds of drawing violet.
admin-stats-line = { $day } · jobs { $jobs }, failed { $failed } · people { $users } · pictures { $images } · { $seconds } s
admin-audit = { $count ->
    [0] No admin has changed anything.
   *[other] Changes, the newest first:
}

## Servers and channels

admin-in-channel = channel { $channel }
admin-channel-allowed = I draw in { $place }, and no longer in channels that are not allowed.
admin-channel-denied = I no longer draw in { $place }.
admin-channels = { $count ->
    [0] I draw in every channel.
   *[other] Where I draw (✅) and where I do not (⛔):
}
admin-defaults = { $count ->
    [0] No defaults are set here.
   *[other] What holds when people say nothing else, neither with a command nor in their own settings:
}
admin-safeties = { $count ->
    [0] No admin has set anything about doubtful pictures here.
   *[other] What admins have set:
}
admin-safety-here = Doubtful pictures here: { $action }
admin-safety-too-mild = In your server you can only be stricter than the settings of the service, which say: { $action }
admin-place-set = This holds now for { $place }: { $values }
admin-place-reset = Nothing is set any more for { $place }.
admin-place-not-set = Nothing was set for { $place }.

## Commands of admins

command-admin-limit-show = shows which limits hold, and who has set them
command-admin-limit-set = sets limits for a server, a channel, a role or a person
command-admin-limit-reset = takes back what was set with /admin limit set
command-admin-channel-allow = lets me draw in a channel, and in no others but such
command-admin-channel-deny = keeps me from drawing in a channel
command-admin-channel-reset = takes back what was said about a channel
command-admin-channel-list = shows where I draw
command-admin-default-set = sets what holds when people say nothing else
command-admin-default-reset = takes back what was set with /admin default set
command-admin-default-show = shows what holds when people say nothing else
command-admin-safety-set = sets what happens to doubtful pictures
command-admin-safety-reset = takes back what was set with /admin safety set
command-admin-safety-show = shows what happens to doubtful pictures
command-admin-block = keeps somebody from drawing
command-admin-unblock = lets somebody draw again
command-admin-blocks = shows who may not draw
command-admin-words-add = forbids words in prompts
command-admin-words-remove = takes a word rule back
command-admin-words-list = shows the word rules
command-admin-pause = lets jobs wait until /admin resume
command-admin-resume = opens the queue again
command-admin-drain = takes no new jobs and draws those that wait
command-admin-queue-clear = ends all jobs that wait
command-admin-stats = shows what was drawn, day by day
command-admin-reload = reads the settings again
command-admin-audit = shows who has changed what
option-scope = whom it is about: platform=, chat=, channel=, role=, user=
option-limits = whom it is about, and the limits: role=123 per_day=20
option-user = the platform's id of the person, not the name
option-reason = why; the person reads it
option-until = until when: 2h, 3d, 2026-12-01, or 2026-12-01T15:00
option-chat = the id of a server or group; without it your own, or everywhere
option-platform = the platform of that server
option-rule = a word, or a regular expression between slashes; with ! before it an exception
option-number = the number of the rule
option-days = how many days
option-line = only lines before this one
option-action = allow, spoiler (covered), blur or block (not shown)
option-channel = the channel; here is this one
option-role = a role of the server
