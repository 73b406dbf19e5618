## 入力の誤り

error-empty-prompt = 描いてほしいものを書いてください。例：/draw 後藤ひとり
error-prompt-too-long = プロンプトが{ $chars }文字あります。{ $max }文字以内にしてください。
error-unknown-command = /{ $name }というコマンドはありません。使い方は/helpで確認できます。
error-no-options = /{ $command }にはオプションがありません（--{ $name }は使えません）。
error-unknown-option = /{ $command }に--{ $name }というオプションはありません。使えるオプション：{ $known }
error-option-without-use = /{ $command }の後には何も書けません。
error-missing-value = --{ $option }には値が必要です。例：--{ $option } { $example }
error-bad-value = 「{ $value }」は--{ $option }の値として使えません。例：--{ $option } { $example }
error-unknown-choice = { $option }に「{ $value }」はありません。選べるもの：{ $known }
error-only-a-group = /{ $name }の後には次のどれかを書いてください：{ $commands }
error-unknown-button = このボタンは使えなくなりました。使い方は/helpで確認できます。
error-nothing-given = /{ $command }で何をするかを書いてください。使い方は/help { $command }で確認できます。
error-not-here = このチャンネルでは絵を描けません。ほかのチャンネルをお使いください。
error-not-here-but = このチャンネルでは絵を描けません。{ $channel }をお使いください。
error-admins-only = /{ $command }は、このサーバーの管理者だけが使えます。
error-owners-only = /{ $command }は、このサービスの運営者だけが使えます。

## ジョブと絵

error-model-not-allowed = モデル{ $model }はここでは使えません。使えるモデル：{ $allowed }
error-model-gone = モデル{ $model }は、もうありません。
error-no-source-possible = モデル{ $model }では、元の絵を使って描くことはできません。
error-no-such-job = ジョブ{ $job }はありません。
error-no-job-yet = 対象になるジョブがありません。/show 12 のように番号を書いてください。ジョブの一覧は/historyで確認できます。
error-not-yours = この操作は、ジョブ{ $job }を依頼した本人か管理者だけができます。
error-unfinished = ジョブ{ $job }はまだ終わっていません。
error-ended = ジョブ{ $job }はすでに終わっています。
error-no-such-image = { $images ->
    [0] ジョブ{ $job }には絵がありません。
   *[other] ジョブ{ $job }の絵は{ $images }枚です。
}
error-image-gone = ジョブ{ $job }の絵は削除されています。
error-too-large-already = この絵はすでに{ $size }です。ここではこれ以上大きくできません。
error-file-unreachable = ファイルを取得できませんでした。もう一度送ってください。
error-file-too-large = ファイルが大きすぎます。{ $mebibytes } MiB以内にしてください。
error-picture-type = 読み込めない種類のファイルです。PNG、JPEG、WebP、GIFの画像を送ってください。
error-picture-size = 画像が大きすぎます（{ $size }）。{ $megapixels }メガピクセル以内にしてください。
error-picture-damaged = 画像が壊れているか、途中で切れています。
error-no-recipe = この画像には描き方の情報がありません。多くのチャットでは画像を送ると情報が消えますが、ファイルとして送れば残ります。
error-unfinished-jobs = まだ終わっていないジョブがあります。終わるのを待つか、先に取り消してください。

## サービスの問題

internal-error = こちらの問題で処理できませんでした。原因はサービスのログに記録されています。
