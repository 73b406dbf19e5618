## What only Telegram shows.

telegram-coming = Your picture is on its way …
telegram-as-files = { $count ->
    [one] A picture cannot be a photo here, so it comes as a file.
   *[other] { $count } pictures cannot be photos here, so they come as files.
}
telegram-not-taken = Telegram did not take the picture. /show { $job } tries again.
telegram-only-for-you = This is only for you, and I may not write to you yet. Please open our private chat and press Start, then ask again.
telegram-picture-only-for-you = The picture of job { $job } is only for you, and I may not write to you yet. Please open our private chat and press Start; there, /show { $job } brings it.
telegram-inline-private = This picture is only for whoever asked for it. It comes in their own chat with me; /show { $job } brings it there, too.
telegram-open-chat = Open private chat
telegram-copy-recipe = Copy recipe

## What the bot says by itself.

telegram-hello =
    Hello! Tell me what to draw, for example: pink hair, guitar
    The second line of a message is what should not be in the picture. A photo with words is drawn anew.
    In any other chat, write @{ $bot } and then what to draw. /help shows everything else.
telegram-inline-hello =
    In any chat, write @{ $bot } and then what to draw, and choose one of the sheets. It becomes the picture.
    Without further words you find your finished pictures there.
telegram-try-inline = Draw in another chat
telegram-picture-needs-words = What shall become of it? Reply to your picture with a few words, for example: as a watercolour
telegram-ask-prompt = What shall I draw? Please reply to this message.
telegram-ask-prompt-example = pink hair, guitar

## In the line of other chats.

telegram-inline-draw = Draw: { $prompt }
telegram-inline-plain = as it is
telegram-inline-square = square
telegram-inline-portrait = upright
telegram-inline-landscape = wide
telegram-inline-style = in the style { $style }
telegram-inline-begin = Draw it
telegram-inline-how = How to draw in any chat
telegram-inline-help-title = Write what to draw
telegram-inline-help = Write @{ $bot } and what to draw, for example: @{ $bot } pink hair, guitar
telegram-inline-refused-title = This cannot be drawn now
telegram-inline-not-here = I cannot draw in other chats yet. In our own chat I can: @{ $bot }
telegram-inline-not-yours = Only the person who sent this can have it drawn.
telegram-inline-too-old = This was too long ago. Please write @{ $bot } and the words again.
