## 管理者向け

admin-elsewhere = 変更できるのは、ご自分のサーバーだけです。
admin-set-by-owner = これはサービスの運営者が決めたものです。変更できるのは運営者だけです。
admin-too-long = 長すぎます。{ $max }文字までにしてください。
admin-too-many = ここのルールはすでに{ $max }件あります。先に不要なものを削除してください。
admin-more = …ほか{ $count }件
admin-everywhere = すべての場所
admin-server = { $platform }のサーバー{ $server }
admin-until = { $until }まで
admin-for-ever = 無期限

## ブロック

admin-blocked = { $user }をブロックしました（{ $place }、{ $until }）。
admin-not-an-admin = { $user }はこのサービスの管理者なので、ブロックできません。
admin-unblocked = { $user }のブロックを解除しました（{ $place }）。
admin-not-blocked = { $user }はブロックされていませんでした（{ $place }）。
admin-blocks = { $count ->
    [0] ブロックされている人はいません。
   *[other] ブロック（{ $count }件）：
}

## 上限

admin-limits-all = すべてのルール（範囲の広い順）：
admin-limits-of = { $scope }の上限（0は無制限）：
admin-limit-line = { $limit }（{ $origin }：{ $scope }）
admin-limit-from-settings = 設定ファイル
admin-limit-from-admin = 管理者
admin-limit-from-moderator = サーバーの管理者
admin-limits-set = { $scope }の上限を変更しました：{ $limits }
admin-limits-reset = { $scope }の上限を設定ファイルの内容に戻しました。
admin-limits-not-set = { $scope }には、管理者が設定した上限はありません。
admin-limits-beyond = サーバーの管理者は、サービスの設定より厳しくすることしかできません。緩すぎるもの：{ $limits }
admin-limit-without-value = 「{ $word }」は、per_day=20のように名前と値で書いてください。
admin-limit-unknown = 「{ $name }」はありません。使えるもの：{ $known }
admin-limit-twice = 「{ $name }」が2回書かれています。
admin-limit-no-number = { $name }は整数で書いてください（「{ $value }」は使えません）。
admin-limit-out-of-bounds = { $name }は{ $min }から{ $max }までです（{ $value }は使えません）。

## 禁止語

admin-word-added = 禁止語ルール{ $id }を追加しました：{ $rule }（{ $place }）
admin-word-unusable = このルールは使えません：{ $reason }
admin-word-removed = 禁止語ルール{ $id }を削除しました。
admin-word-unknown = 禁止語ルール{ $id }はここにはありません。一覧は/admin words listで確認できます。
admin-words = { $count ->
    [0] 管理者が追加した禁止語ルールはありません。
   *[other] 禁止語ルール（{ $count }件）：
}

## 順番待ちと設定

admin-paused = 一時停止しました。新しいジョブは受け付け、順番を待ちます。
admin-resumed = 再開しました。ジョブを受け付けて描きます。
admin-draining = 新しいジョブの受け付けを止めました。待っているジョブは描きます。
admin-cleared = { $count ->
    [0] 待っているジョブはありませんでした（{ $place }）。
   *[other] 待っているジョブを{ $count }件取り消しました（{ $place }）。
}
admin-reloaded = 設定を読み直し、反映しました。
admin-needs-restart = 再起動が必要な設定：{ $settings }
admin-reload-failed = 設定に誤りがあるため、何も変更していません：

## 統計と変更の記録

admin-stats = { $days ->
    [1] 今日
   *[other] 過去{ $days }日間
}（{ $place }）：ジョブ{ $jobs }件、絵{ $images }枚、描画{ $seconds }秒
admin-stats-colours = グラフの色：青はジョブ、赤はそのうち失敗したもの、黄は人数、緑は絵の枚数、紫は描画の秒数です。
admin-stats-line = { $day } · ジョブ{ $jobs }件（失敗{ $failed }件） · { $users }人 · 絵{ $images }枚 · { $seconds }秒
admin-audit = { $count ->
    [0] 変更の記録はありません。
   *[other] 変更の記録（新しい順）：
}

## サーバーとチャンネル

admin-in-channel = チャンネル{ $channel }
admin-channel-allowed = { $place }で描きます。許可していないチャンネルでは描きません。
admin-channel-denied = { $place }では描かないようにしました。
admin-channels = { $count ->
    [0] すべてのチャンネルで描きます。
   *[other] 描くチャンネル（✅）と描かないチャンネル（⛔）：
}
admin-defaults = { $count ->
    [0] ここには既定の設定はありません。
   *[other] コマンドにも本人の設定にも指定がないときに使うもの：
}
admin-safeties = { $count ->
    [0] 不適切かもしれない絵について、管理者が設定したものはありません。
   *[other] 管理者が設定したもの：
}
admin-safety-here = ここでの不適切かもしれない絵の扱い：{ $action }
admin-safety-too-mild = サーバーの管理者は、サービスの設定（{ $action }）より厳しくすることしかできません。
admin-place-set = { $place }に設定しました：{ $values }
admin-place-reset = { $place }の設定を取り消しました。
admin-place-not-set = { $place }には設定がありませんでした。

## 管理者のコマンド

command-admin-limit-show = 上限と、それを設定した人を表示します
command-admin-limit-set = サーバー、チャンネル、ロール、人ごとに上限を設定します
command-admin-limit-reset = /admin limit setで設定した上限を取り消します
command-admin-channel-allow = 指定したチャンネルだけで描くようにします
command-admin-channel-deny = チャンネルで描かないようにします
command-admin-channel-reset = チャンネルの許可や禁止を取り消します
command-admin-channel-list = どのチャンネルで描くかを表示します
command-admin-default-set = 指定がないときに使うものを設定します
command-admin-default-reset = /admin default setで設定したものを取り消します
command-admin-default-show = 指定がないときに使うものを表示します
command-admin-safety-set = 不適切かもしれない絵の扱いを設定します
command-admin-safety-reset = /admin safety setで設定したものを取り消します
command-admin-safety-show = 不適切かもしれない絵の扱いを表示します
command-admin-block = 特定の人が描けないようにします
command-admin-unblock = ブロックを解除します
command-admin-blocks = ブロックされている人を表示します
command-admin-words-add = プロンプトに使えない言葉を追加します
command-admin-words-remove = 禁止語ルールを削除します
command-admin-words-list = 禁止語ルールを表示します
command-admin-pause = /admin resumeまで、ジョブを描かずに待たせます
command-admin-resume = 順番待ちを再開します
command-admin-drain = 新しいジョブを受け付けず、待っているものだけを描きます
command-admin-queue-clear = 待っているジョブをすべて取り消します
command-admin-stats = 日ごとの利用状況を表示します
command-admin-reload = 設定を読み直します
command-admin-audit = 変更の記録を表示します
option-scope = 対象（platform=、chat=、channel=、role=、user=）
option-limits = 対象と上限（role=123 per_day=20など）
option-user = 相手のID（名前ではありません）
option-reason = 理由（本人に表示されます）
option-until = 期限（2h、3d、2026-12-01、2026-12-01T15:00など）
option-chat = サーバーやグループのID（省略すると自分のサーバー、またはすべての場所）
option-platform = そのサーバーのプラットフォーム
option-rule = 言葉、または/で囲んだ正規表現（先頭に!を付けると例外）
option-number = ルールの番号
option-days = 日数
option-line = この番号より前の記録
option-action = allow（表示）、spoiler（隠す）、blur（ぼかす）、block（表示しない）
option-channel = チャンネル（hereならこのチャンネル）
option-role = サーバーのロール
