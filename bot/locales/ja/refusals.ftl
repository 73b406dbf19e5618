## お断り

refused-queued = { $limit ->
    [1] 前の絵がまだできていません。できあがってから、もう一度お試しください。
   *[other] まだ終わっていないジョブが{ $queued }件あります（上限は{ $limit }件です）。どれかが終わってから、もう一度お試しください。
}
refused-queue-full = 順番待ちが上限の{ $limit }件に達しています。数分後にもう一度お試しください。
refused-per-minute = 1分間の上限（{ $limit }件）に達しました。{ $again }に、もう一度お試しください。
refused-per-hour = 1時間の上限（{ $limit }件）に達しました。{ $again }に、もう一度お試しください。
refused-per-day = 24時間の上限（{ $limit }件）に達しました。{ $again }に、もう一度お試しください。
refused-cooldown = 続けて描くには、{ $seconds }秒の間隔を空ける必要があります。{ $again }に、もう一度お試しください。
refused-stopping = サービスを停止しているところです。少し待ってから、もう一度お試しください。
refused-draining = ただいま新しいジョブを受け付けていません。しばらくしてから、もう一度お試しください。
refused-words = このサーバーのルールにより、このプロンプトは使えません。絵は描いていません。
refused-words-admin = 禁止語ルール「{ $rule }」により、このプロンプトは使えません。絵は描いていません。
blocked = 現在、ここでは絵を描けません。
blocked-until = { $until }まで、ここでは絵を描けません。
blocked-reason = 理由：{ $reason }

## 時刻

again-seconds = { $seconds }秒後
again-today = { $clock }（{ $wait }後）
again-tomorrow = 明日の{ $clock }（{ $wait }後）
again-later = { $days }日後の{ $clock }（{ $wait }後）
wait-minutes = { $count }分
wait-hours = { $count }時間
