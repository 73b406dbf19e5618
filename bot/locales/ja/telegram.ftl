## Telegramだけで使う文言。

telegram-coming = 絵を送っています…
telegram-as-files = 写真として表示できない絵が{ $count }枚あるため、ファイルで送ります。
telegram-not-taken = Telegramが絵を受け付けませんでした。/show { $job } でもう一度お試しください。
telegram-only-for-you = お返事はご本人だけにお見せするものですが、まだ個別にお送りできません。個別チャットを開いて「開始」を押し、もう一度お試しください。
telegram-picture-only-for-you = ジョブ{ $job }の絵はご本人だけにお見せするものですが、まだ個別にお送りできません。個別チャットを開いて「開始」を押し、/show { $job } と送ってください。
telegram-inline-private = この絵は頼んだご本人だけにお見せします。ボットとの個別チャットにお送りします（そこで /show { $job } と送ってもご覧いただけます）。
telegram-open-chat = 個別チャットを開く
telegram-copy-recipe = レシピをコピー

## Botから話しかける文言。

telegram-hello =
    こんにちは！ 描いてほしいものを送ってください。例：ピンクの髪、ギター
    2行目には、描いてほしくないものを書けます。写真に言葉を添えると、それをもとに描きます。
    ほかのチャットでは、@{ $bot } に続けて描いてほしいものを書いてください。そのほかは /help をご覧ください。
telegram-inline-hello =
    どのチャットでも、@{ $bot } に続けて描いてほしいものを書き、出てきた紙を選んでください。それが絵になります。
    何も書かなければ、これまでの絵が出てきます。
telegram-try-inline = ほかのチャットで描く
telegram-picture-needs-words = この絵をどうしましょうか。この絵への返信で教えてください。例：水彩画にして
telegram-ask-prompt = 何を描きましょうか。このメッセージに返信してください。
telegram-ask-prompt-example = ピンクの髪、ギター

## ほかのチャットで使う文言。

telegram-inline-draw = 描く：{ $prompt }
telegram-inline-plain = そのまま
telegram-inline-square = 正方形
telegram-inline-portrait = 縦長
telegram-inline-landscape = 横長
telegram-inline-style = スタイル「{ $style }」
telegram-inline-begin = 描いてもらう
telegram-inline-how = ほかのチャットでの描き方
telegram-inline-help-title = 描いてほしいものを書いてください
telegram-inline-help = @{ $bot } に続けて、描いてほしいものを書いてください。例：@{ $bot } ピンクの髪、ギター
telegram-inline-refused-title = 今は描けません
telegram-inline-not-here = ほかのチャットではまだ描けません。@{ $bot } とのチャットでは描けます。
telegram-inline-not-yours = 描いてもらえるのは、これを送った人だけです。
telegram-inline-too-old = 時間がたちすぎました。もう一度 @{ $bot } に続けて書いてください。
