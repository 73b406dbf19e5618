## Discord だけで使う文言

discord-menu-use-as-source = これを元に描く
discord-menu-show-recipe = レシピを見る
discord-menu-draw-avatar = アバターを元に描く
discord-prompt-label = この絵から何を描きますか
discord-no-picture-there = ここには使える画像がありません。
discord-picture-forgotten = 元にする画像が残っていません。保存は15分間で、再起動でも失われます。もう一度選んでください。
discord-not-understood = うまく読み取れませんでした。/描く などのコマンドでもう一度お試しください。

## Discord での絵とメッセージ

discord-prompt = プロンプト
discord-negative-prompt = 描かないもの
discord-footer = ジョブ{ $job } · { $recipe }
discord-note-smaller = 画像ファイルがここで送れる大きさを超えていたため、{ $count }枚を小さな形式で保存し直しました。
discord-note-left-out = このメッセージには { $files } が入りきりませんでした。/original で1枚ずつ取り出せます。
discord-from-elsewhere = { $channel } でのご依頼です:
discord-not-delivered = ご本人だけにお見せする返事がありますが、ダイレクトメッセージを送れませんでした。お手数ですが、ここでもう一度お試しください。
discord-not-delivered-job = ジョブ{ $job }が終わりましたが、元のメッセージの更新もダイレクトメッセージの送信もできませんでした。結果は /show { $job } で表示できます。
discord-not-taken = Discordが内容の一部を受け付けませんでした。結果は /show { $job } で表示できます。
discord-missing-permissions = このチャンネルでは、ボットに次の権限がありません: { $permissions }。サーバーの管理者に設定をお願いしてください。
discord-permission-view-channel = チャンネルを見る
discord-permission-send-messages = メッセージの送信
discord-permission-send-messages-in-threads = スレッドでのメッセージの送信
discord-permission-attach-files = ファイルの添付
discord-permission-embed-links = 埋め込みリンク
discord-comma = 、
