## What a person can put right

error-empty-prompt = Please say what to draw, for example: /draw 後藤ひとり
error-prompt-too-long = The prompt has { $chars } characters; at most { $max } are possible.
error-unknown-command = There is no command /{ $name }. /help shows what I understand.
error-no-options = /{ $command } has no option --{ $name }, and no others.
error-unknown-option = /{ $command } has no option --{ $name }. It has: { $known }
error-option-without-use = /{ $command } takes nothing after its name.
error-missing-value = --{ $option } needs a value, for example: --{ $option } { $example }
error-bad-value = "{ $value }" is not possible for --{ $option }. An example: --{ $option } { $example }
error-unknown-choice = There is no { $option } "{ $value }". There is: { $known }
error-only-a-group = After /{ $name } comes one of: { $commands }
error-unknown-button = This button is not understood any more. /help shows what I understand.
error-nothing-given = Please say what /{ $command } should do; /help { $command } shows how.
error-not-here = I do not draw in this channel. Please try another one.
error-not-here-but = I do not draw in this channel. Please come to { $channel }.
error-admins-only = /{ $command } is for admins of this server only.
error-owners-only = /{ $command } is only for those who run this service.

## Jobs and pictures

error-model-not-allowed = The model { $model } cannot be used here. You can use: { $allowed }
error-model-gone = The model { $model } is not here any more.
error-no-source-possible = The model { $model } cannot begin with a picture.
error-no-such-job = There is no job { $job }.
error-no-job-yet = There is no such job of yours. Please name one, for example: /show 12. /history shows your jobs.
error-not-yours = Only the person who asked for job { $job }, or an admin, can do that.
error-unfinished = Job { $job } is not finished yet.
error-ended = Job { $job } has ended already.
error-no-such-image = { $images ->
    [0] Job { $job } has no picture.
    [one] Job { $job } has only one picture.
   *[other] Job { $job } has { $images } pictures.
}
error-image-gone = The picture of job { $job } was deleted.
error-too-large-already = The picture is { $size } already; nothing larger is possible here.
error-file-unreachable = The file could not be fetched. Please send it again.
error-file-too-large = The file is too large; at most { $mebibytes } MiB are possible.
error-picture-type = The file is no picture of a known type. PNG, JPEG, WebP and GIF can be read.
error-picture-size = The picture has { $size } pixels; at most { $megapixels } megapixels are possible.
error-picture-damaged = The picture is damaged or cut off.
error-no-recipe = This picture does not say how it was drawn. Many chats remove that; a file that is sent as a document keeps it.
error-unfinished-jobs = Some of your jobs are not finished. Please wait for them or cancel them first.

## Faults of the service

internal-error = Something went wrong here. It is not your fault, and the reason is in the service's log.
