"""The rest of the page, in words: its sections, the arms, a glossary.

A key maps to a pair (English, Chinese).
"""

from __future__ import annotations

PAGE: dict[str, tuple[str, str]] = {
    # effects
    "effects.heading": ("All effects", "全部效果"),
    "effects.lead": (
        "Customers present at the fork. What became of friends who joined since then counts to the customer present "
        "who began the chain of referrals; other arrivals do not count.",
        "统计分叉时已在册的客户；此后加入的转介客户的结果计入转介链起点的在册客户，其他新客户不计。",
    ),
    "everyone.heading": ("All effects, everyone counted", "全部效果（含后来加入者）"),
    "everyone.lead": (
        "The same metrics with what became of all customers, those who joined later too, still per customer present "
        "at the fork, a number that no arm moves: more friends never lower what is sold per customer. First purchase "
        "and retention are those of the customers present.",
        "同样的指标，计入全部客户（包括后来加入的客户）的结果，分母仍为分叉时在册的客户；"
        "该数不受策略影响，因此转介客户增多不会拉低人均销售。首次投保率与留存率仍只统计当时在册的客户。",
    ),
    # metrics
    "metrics.heading": ("What is measured", "指标口径"),
    "metrics.numerator": ("Numerator", "分子"),
    "metrics.denominator": ("Denominator", "分母"),
    "metrics.window": ("Window", "统计窗口"),
    "metrics.better": ("Better when", "何者为好"),
    "better.higher": ("higher", "越高越好"),
    "better.lower": ("lower", "越低越好"),
    "better.neither": ("neither", "无好坏之分"),
    # how to read
    "read.heading": ("How to read this", "如何解读"),
    "read.paired": (
        "Paired worlds. Every arm runs in its own copy of the same synthetic world: same "
        "customers, same market, same luck. A difference between arms comes from the strategy.",
        "配对的世界。每个策略组都在同一个合成世界的副本中运行：同样的客户、同样的市场、同样的运气。"
        "各组之间的差异来自策略本身。",
    ),
    "read.replications": (
        "Replications. The run was repeated {replications} times, each time with a new population, "
        "market and luck. An effect is the mean of the differences; the interval shows how far "
        "they varied.",
        "重复。本次运行重复了 {replications} 次，每次重新抽取人群、市场和运气。"
        "效果是各次差异的均值，区间反映差异的波动。",
    ),
    "read.interval": (
        "Intervals are conditional on the model. They say how sure the simulation is of its own "
        "answer, not how sure it is that real customers behave like the model.",
        "区间以模型成立为前提。它说明模拟对自己的答案有多大把握，而不是真实客户与模型相符的把握。",
    ),
    "read.many": (
        "Many metrics. Where a strategy changes nothing, about one metric in twenty still looks "
        "better or worse by luck, and so does about one arm, segment or branch in twenty. The primary "
        "metric was named in advance; take the others as hints, and of many arms the edge of an interval, too.",
        "指标众多。即使策略毫无作用，大约每二十个指标也会有一个碰巧显得更好或更差；策略组、客群、分公司众多时亦然。"
        "主要指标是事先指定的，其余只作线索；策略组多时，区间刚刚不含 0 的也只作线索。",
    ),
    "read.assumptions": (
        "Assumptions. Customers are synthetic. Behaviour rests on published figures where they "
        "exist and on assumptions elsewhere; the facts command lists both. Review them, and "
        "confirm a promising strategy with a live test, before relying on a figure here.",
        "假设。客户是合成的。其行为有公开数据的以数据为依据，其余为假设；facts 命令会列出两者。"
        "在依赖这里的任何数字之前，请先审阅这些假设，并用真实测试验证有希望的策略。",
    ),
    # provenance
    "provenance.heading": ("Where this comes from", "运行信息"),
    "provenance.scenario": ("Scenario", "场景"),
    "provenance.version": ("lifesim version", "lifesim 版本"),
    "provenance.created": ("Created", "生成时间"),
    "provenance.seconds": ("Running time", "运行时间"),
    "provenance.seconds_value": ("{seconds} s", "{seconds} 秒"),
    "provenance.seed": ("Seed", "随机种子"),
    "provenance.replications": ("Replications", "重复次数"),
    "provenance.size": ("Customers at the start", "起始客户数"),
    "provenance.start": ("Fork", "分叉日"),
    "provenance.warm_up": ("Warm-up", "预热期"),
    "provenance.horizon": ("Horizon", "观察期"),
    "provenance.days": ("{days} days", "{days} 天"),
    "provenance.control": ("Control", "对照组"),
    "provenance.arms": ("Arms", "策略组"),
    "provenance.hash": ("Hash of the scenario", "场景哈希值"),
    "provenance.plugins": ("Plug-ins used and the hashes of their files", "所用插件及其文件哈希值"),
    "failures.heading": ("Parts of this run failed", "本次运行有部分失败"),
    "failures.lead": (
        "The results leave these parts out:",
        "结果不包含以下部分：",
    ),
    # the arms
    "arms.heading": ("The arms", "策略组"),
    "arms.lead": (
        "What each arm does. An arm starts from a practice, if it names one, and adds to it. Parameters in bold differ "
        "from the default of the plug-in.",
        "各策略组做什么。策略组如指定了某种做法，则以其为起点再加以补充。粗体参数与插件的默认值不同。",
    ),
    "arms.control": ("control", "对照组"),
    "arms.use": ("Starts from the practice {use}", "以做法 {use} 为起点"),
    "arms.silence": ("No practice: starts from silence", "没有做法：从无任何动作开始"),
    "arms.rounds": ("Leads are given out at {times}", "线索分配时刻：{times}"),
    "arms.staffing": ("Calls of the desk by month, factors: {factors}", "坐席产能的逐月系数：{factors}"),
    "arms.traffic": ("Prospects by source, factors: {factors}", "各获客来源的流量系数：{factors}"),
    "arms.reassign": (
        "Customers whose agent has left go to {to} after {after}",
        "服务代理人离职的客户在 {after} 后转由 {to} 服务",
    ),
    "arms.cleaning": (
        "Leads graded below {bar} are dialled by {seats} first, up to {dials} times, {apart} apart",
        "低于{bar}级的线索先由{seats}拨打清洗，最多{dials}次，间隔{apart}",
    ),
    "arms.cleaning_all": (
        "All leads are dialled by {seats} first, up to {dials} times, {apart} apart",
        "全部线索先由{seats}拨打清洗，最多{dials}次，间隔{apart}",
    ),
    "arms.nurture": (
        "Leads graded below {bar} get {content} by {channel} every {every} instead of calls",
        "低于{bar}级的线索不拨打，每{every}通过{channel}发送{content}培育",
    ),
    "arms.contents": ("Contents sent: {contents}", "发送的内容：{contents}"),
    "arms.content": ("{content} by {channel}, {count} a replication", "{content}（{channel}，每次重复 {count} 次）"),
    "arms.no_contents": ("Sent nothing.", "没有发送任何内容。"),
    "arms.no_parameters": ("no parameters", "没有参数"),
    "arms.mechanisms": ("Mechanisms, in every arm", "机制（所有策略组）"),
    "arms.world": ("In every arm", "所有策略组共同的部分"),
    "arms.segments": ("Segments at the start", "起始客群"),
    "arms.products": ("Products", "产品"),
    "arms.product": ("{product} ({family}, {term} term)", "{product}（{family}，{term}险）"),
    "family.protection": ("protection", "保障型"),
    "family.health": ("health", "健康险"),
    "family.wealth": ("wealth", "财富型"),
    "term.short": ("short", "短期"),
    "term.long": ("long", "长期"),
    # Nothing is sent by it, so that it is no word of journeys, as the other channels are.
    "channel.offline_event": ("offline event", "线下活动"),
    "kind.orchestration": ("Orchestration: who gets which touch when", "编排：何时触达何人"),
    "kind.grading": ("Grading: how good is a lead", "分级：线索质量"),
    "kind.allocation": ("Allocation: who takes a lead", "分配：线索由谁跟进"),
    "kind.mechanisms": ("Mechanism", "机制"),
    # products and branches
    "products.heading": ("By product", "分产品"),
    "products.lead": (
        "Policies issued since the fork that are still in force at the end, and their annualised premium: mean over "
        "replications, whole market, everyone counted. Policies that ended before are not in it.",
        "分叉后承保且期末仍有效的保单及其年化保费：各次重复的均值，整个市场，全部客户。此前已终止的保单不在其中。",
    ),
    "products.product": ("Product", "产品"),
    "products.policies": ("New policies in force", "期末有效新保单"),
    "grades.heading": ("Leads by grade", "分级线索"),
    "grades.lead": (
        "Leads by their latest grade, all replications together. Hours from the behaviour to the first grade, and from "
        "there to the conversation. Predicted and came true: of leads for which the grading predicted a chance, and "
        "that an agent or a seat had in hand. Added decisions: what a conversation adds in truth, which no insurer "
        "sees; a good grading has more of it in A than in D.",
        "按最新等级统计线索，合并全部重复。小时数为从行为发生到首次分级、以及从分级到通话的用时。"
        "预测与实际转化率仅统计分级模型给出概率且已由坐席或代理人跟进结束的线索。"
        "新增决策为一次通话真实带来的投保决策数，任何保险公司都看不到；好的分级应使A级高于D级。",
    ),
    "grades.grade": ("Grade", "等级"),
    "grades.created": ("Leads", "线索数"),
    "grades.to_grade": ("Hours to grade", "分级用时（小时）"),
    "grades.to_agent": ("Hours to conversation", "通话用时（小时）"),
    "grades.concluded": ("Concluded", "已了结"),
    "grades.predicted": ("Predicted", "预测转化率"),
    "grades.came_true": ("Came true", "其实际转化率"),
    "grades.converted": ("Converted", "转化率"),
    "grades.uplift": ("Added decisions", "新增决策"),
    "products.premium": ("Annualised premium ({unit})", "年化保费（{unit}）"),
    "branches.heading": ("{metric}, by branch", "分公司：{metric}"),
    "branches.branch": ("Branch", "分公司"),
    # agents and seats
    "agents.heading": ("Agents and desks", "代理人与坐席"),
    "agents.lead": (
        "Since the fork: means over replications with their intervals. ▲ and ▼ mark where the paired difference from "
        "the control is clearly above or below 0, and at least five replications differ. There are many figures: of "
        "those that do not differ in truth, about one in twenty is marked all the same.",
        "分叉以来：各次重复的均值及其区间。▲ 与 ▼ 表示与对照组的配对差异明显更高或更低，且至少五次重复存在差异。"
        "表中数字众多：真实并无差异者，仍约有二十分之一会被标记。",
    ),
    "agents.all": ("All tiers together", "全部层级"),
    "agents.online": ("online: what nobody sold", "线上：无人经手的销售"),
    "agents.in": (", branch {branch}", "，分公司 {branch}"),
    "agents.higher": ("clearly higher than the control", "明显高于对照组"),
    "agents.lower": ("clearly lower than the control", "明显低于对照组"),
    "agents.unit_CNY": ("CNY", "元"),
    "agents.unit_hours": ("hours", "小时"),
    "agents.of": ("{numerator}; of {denominator}", "{numerator}；分母为{denominator}"),
    # words
    "words.heading": ("Words", "术语"),
    "word.arm": ("Arm", "策略组"),
    "word.arm_is": (
        "One strategy under comparison, run in its own copy of the world. The control is the one the others are "
        "compared with.",
        "参与比较的一种策略，在自己的世界副本中运行。对照组是其他各组的比较对象。",
    ),
    "word.warm_up": ("Warm-up", "预热期"),
    "word.warm_up_is": (
        "Time that the world runs under the control's practice before anything is compared.",
        "比较开始之前，世界按对照组的做法运行的一段时间。",
    ),
    "word.fork": ("Fork", "分叉"),
    "word.fork_is": (
        "The moment at the end of the warm-up from which every arm runs in its own copy of the same world.",
        "预热期结束的时刻，此后每个策略组在同一世界的各自副本中运行。",
    ),
    "word.horizon": ("Horizon", "观察期"),
    "word.horizon_is": (
        "The time from the fork to the end, over which everything is counted.",
        "从分叉到结束的时间，所有指标都在其中统计。",
    ),
    "word.replication": ("Replication", "重复"),
    "word.replication_is": (
        "One run of all arms with a new population, market and luck.",
        "以新的人群、市场和运气把所有策略组运行一遍。",
    ),
    "word.touch": ("Touch", "触达"),
    "word.touch_is": ("One message or call to one customer.", "对一位客户的一次消息或电话。"),
    "word.pp": ("pp", "百分点"),
    "word.pp_is": ("Percentage points: from 4% to 5% is 1 pp.", "比率之差：从 4% 到 5% 为 1 个百分点。"),
    "word.guardrail": ("Guardrail", "护栏指标"),
    "word.guardrail_is": ("A metric that must not get worse by more than its limit.", "恶化程度不得超过限度的指标。"),
    "word.oracle": ("Oracle", "全知视角"),
    "word.oracle_is": (
        "A plug-in that sees what no insurer can see. Its arm is an upper bound, not a strategy.",
        "使用了保险公司看不到的信息的插件，其策略组只是效果上限，不是可用的策略。",
    ),
    "stage.AWARENESS_is": (
        "Prospects without a policy who are not deciding on one.",
        "没有保单、也未在考虑投保的潜在客户。",
    ),
    "stage.FIRST_PURCHASE_is": ("A need is felt; the first policy is being weighed.", "已有需求，正在考虑首张保单。"),
    "stage.HOLDING_is": ("Holds a policy, nothing due.", "持有保单，近期无缴费事项。"),
    "stage.RENEWAL_UPSELL_is": (
        "A premium falls due soon, or a further policy is weighed.",
        "保费即将到期，或在考虑加保。",
    ),
    "stage.CHURN_WARNING_is": ("Holds a policy and drifts towards leaving.", "仍持有保单，但有流失倾向。"),
    "stage.LOST_is": ("Gone, for now or for good; death included.", "已离开，暂时或永久，含身故。"),
}
