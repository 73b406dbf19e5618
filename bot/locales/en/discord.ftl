## What only Discord shows.

discord-menu-use-as-source = Use as source
discord-menu-show-recipe = Show recipe
discord-menu-draw-avatar = Draw this avatar
discord-prompt-label = What to draw from this picture
discord-no-picture-there = I find no picture there.
discord-picture-forgotten = I do not have that picture any more: I keep it for 15 minutes, and not when I am restarted. Please choose it once more.
discord-not-understood = I do not understand that, sorry. Please try a command like /draw instead.

## Pictures and messages on Discord

discord-prompt = Prompt
discord-negative-prompt = Not in the picture
discord-footer = Job { $job } · { $recipe }
discord-note-smaller = { $count ->
    [one] The file of the picture is larger than Discord takes here, so it was saved in a smaller form.
   *[other] The files of { $count } pictures are larger than Discord takes here, so they were saved in a smaller form.
}
discord-note-left-out = There is no room in this message for { $files }. Please ask for a single picture with /original.
discord-from-elsewhere = You asked for this in { $channel }:
discord-not-delivered = I have an answer for you that only you may see, and you take no direct messages from me. Please ask for it again here.
discord-not-delivered-job = Job { $job } has ended, but I can neither change my message nor write to you. /show { $job } shows the result.
discord-not-taken = Discord does not take everything that belongs here. /show { $job } shows the result again.
discord-missing-permissions = In this channel I lack a permission: { $permissions }. Somebody who manages this server can grant it.
discord-permission-view-channel = View Channel
discord-permission-send-messages = Send Messages
discord-permission-send-messages-in-threads = Send Messages in Threads
discord-permission-attach-files = Attach Files
discord-permission-embed-links = Embed Links
discord-comma = { ", " }
