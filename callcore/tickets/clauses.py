"""What the words of the clause that says a candidate speak of, as named numbers between 0 and 1."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from callcore.tickets.facts import span_of
from callcore.tickets.reading import Fact, Span

BESIDE = 40  #: characters of the same clause before and after a fact
_CLAUSE_END = re.compile(r"[.?!;。？！；]|[,，](?!\d)")

#: by kind of field: what the words of the clause speak of
WORDS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    kind: {name: re.compile(words) for name, words in rows.items()}
    for kind, rows in {
        "amount": {
            "limit": r"额度|限额|上限|\blimit|\bcap\b|capped",
            "balance": r"余额|剩|卡里|账上|里头|里面|balance|\bleft\b|sitting|in there|inside",
            "fee": r"手续费|年费|违约金|罚息|利息|滞纳金|\bfees?\b|interest|penalt|\bcharges?\b",
            "spent": r"扣|刷|划走|花|付|消费|盗|charged|debit|\btook\b|taken|\bpaid\b|spent|payment|purchase",
            "moved": r"转|汇|打给|打到|存|取|transfer|\bsent\b|\bsend|wire|withdr|deposit|pay in|put in",
            "debt": r"欠|还|贷|借|最低|账单|owe|loan|borrow|repay|statement|\bbill\b",
            "back": r"退|赔|补|refund|\bback\b|reimburs|compens|goodwill|credit(?:ed)? ",
            "income": r"工资|退休金|收入|月薪|养老金|一个月挣|salar|wage|pension|income|earn",
            "total": r"一共|总共|合计|加起来|合起来|altogether|in all|total",
            "each": r"每|一个月|一年|一天|一次|per|a month|a year|a day|each|every|a week",
            "bound": r"以上|以内|不到|超过|最多|最高|至少|起|满|up to|at least|more than|over|under|m[ai][xn]imum",
            "price": r"房租|学费|车|房|一斤|一杯|药|\brent\b|\bcosts?\b|price|\bbuy",
            "wish": r"想|要|打算|需要|能不能|want|like to|need|could i|can i|looking to",
            "if": r"如果|要是|万一|比如|假如|\bif\b|would|say\b",
            "other": r"别人|他|她|我爸|我妈|老公|老婆|husband|wife|\bmum\b|friend",
        },
        "date": {
            "happened": r"那天|发生|[刷扣转办买存取汇签开]的|charged|took|paid|bought|opened|happened",
            "due": r"到期|还款日|出账|账单日|截止|\bdue\b|matur|statement|expire",
            "asked": r"申请|提交|递|报的|打过|寄|投诉|applied|asked|called|rang|sent|posted|filed|wrote",
            "record": r"显示|系统|记录|看到|查到|shows?|see|record|here",
            "life": r"工资|医院|生日|结婚|出院|过年|住院|手术|学校|wage|hospital|birthday|wedding|school|payday|surger",
            "until": r"之前|以前|前|之内|截至|\bby\b|until|before|within",
            "since": r"从|开始|以来|起|since|from|start",
            "next": r"下次|下个?月|下周|明|后天|next|tomorrow|tonight",
            "would": r"会|要|准备|打算|再|will|'ll|going to|shall",
            "back": r"退|回|refund|back",
            "call": r"电话|来电|联系|回复|call|ring|phone|hear",
        },
        "code": {
            "go": r"去|跑|来|到|\bgo\b|come|visit|drive|walk|pop in",
            "went": r"去了|跑了|来过|去过|办的|went|was in|walked|been",
            "told": r"收到|发|短信|信息|text|sent|got a",
            "may": r"可以|能不能|您|你要|please|you can|could|may",
            "used": r"在|用|上|登|点|\bon\b|\bin\b|using|log",
            "not": r"不|没|别|\bnot\b|n't|can't|never|without",
            "fault": r"坏|卡|打不开|登不|失败|吞|报错|闪退|error|fail|stuck|crash|wrong|won't|frozen|down",
        },
        "merchant": {
            "at": r"\b(?:at|in|from|off)(?: an?| the| one| some)? ?_|在_",
            "to": r"\b(?:to|for|by)(?: an?| the| one| some)? ?_|[给向]_",
            "called": r"(?:called|named|says|from|merchant|retailer|store|shop|company|firm)[^_]{0,8}_|"
            r"[叫是写]\W?_|显示\W?_",
            "shop": r"商户|商家|店|收款|对方|shop|store|merchant|retailer|restaurant|hotel|company|firm|"
            r"subscri|website",
            "spent": r"扣|刷|划走|花|付|消费|买|订|退|charged|debit|took|taken|paid|spent|payment|purchase|"
            r"bought|refund",
            "know": r"认识|听说|不知道|印象|是您|什么|heard of|recogni|know|mean anything|was that|is that|never",
            "money": r"\d|[百千万块元]|hundred|thousand|pound|dollar|euro|[a-z]ty\b",
            "live": r"\b(?:live|calling from|born|moved|i'm in|here in)\b|住|老家",
            "bank": r"\b(?:branch|bank|counter|office|atm|cash machine)\b|支行|网点|银行",
            "person": r"\b(?:my name|this is|i'm|speaking|mr|mrs|he|she|his|her)\b|我叫|我姓|先生|女士",
        },
        "branch": {
            "in": r"\b(?:in|at|on|to|from)(?: the| your| our)? ?_",
            "your": r"\b(?:your|the) ?_|你们_|咱们?_",
            "office": r"_[^_]{0,3}(?:office|counter|branch|bank|place|building)|_(?:那个|那家)?(?:大堂|柜台|网点|的)",
            "bank": r"\b(?:branch|bank|counter|office|teller|cashier|clerk|lobby|queue|manager)\b|"
            r"支行|网点|柜|大堂|排队",
            "near": r"附近|最近|旁边|nearest|closest|near",
            "go": r"去|跑|到|来|\b(?:go|come|came|went|visit|walked|stood)\b",
            "open": r"open|close|hours|book|appointment|free|开门|营业|预约",
            "live": r"\b(?:live|calling from|born|moved|address|i'm in|here in)\b|住|老家",
            "shop": r"\b(?:paid|charged|bought|spent|shop|store|hotel|to)\b|刷|买|店",
            "person": r"\b(?:my name|this is|i'm|speaking|mr|mrs|he|she|his|her)\b|我叫|我姓|先生|女士",
        },
        "due": {
            "contact": r"联系|打|电|答复|回话|回复|通知|找您|告诉|call|ring|phone|hear|touch|back to|contact|let you",
            "decide": r"处理|结果|查|核实|审|办完|有说法|decid|result|outcome|ruling|investig|look",
            "money": r"到账|退|入账|refund|money|credit|account",
            "post": r"寄|制卡|卡片|信|card|post|letter|mail",
            "open": r"营业|开门|上班|open|hours|shift",
            "until": r"之前|以前|前|之内|以内|内|最迟|最晚|\bby\b|before|within|inside|latest|no later",
            "own": r"我|本人|\bi\b|i'll|myself|me\b",
            "they": r"他们|她|他|专员|经理|主任|部|同事|they|she|he|team|manager|desk",
            "would": r"会|就|给|will|'ll|going to|gonna|should",
            "term": r"到期|还款|扣款|账单|年|due|matur|statement|expire|payment",
        },
    }.items()
}


def worded(facts: Sequence[Fact], kind: str) -> dict[str, float]:
    """What their clauses speak of. ``kind``: of field."""
    said = [_words_of(fact, kind) for fact in facts]
    return {f"word.{name}": sum(name in one for one in said) / len(said) for name in WORDS.get(kind, ())}


def _words_of(fact: Fact, kind: str) -> frozenset[str]:
    """What the clause speaks of."""

    def spoken_of() -> frozenset[str]:
        clause = clause_of(fact)
        return frozenset(name for name, pattern in WORDS.get(kind, {}).items() if pattern.search(clause))

    return fact.reading.once(("words", kind, span_of(fact)), spoken_of)


def clause_of(fact: Fact) -> str:
    """The clause that says it, without the fact itself."""
    start, end = span_of(fact)
    before, after = around(fact, _CLAUSE_END, (start - BESIDE, end + BESIDE))
    return f"{before}_{after[0]}"


def around(fact: Fact, ends: re.Pattern[str], within: Span) -> tuple[str, Sequence[str]]:
    """What stands before a fact in its clause; what stands after it there, then the clauses after that. ``ends``: of
    clauses; ``within``: characters of the turn, of which no others are looked at.
    """
    text, (start, end) = fact.reading.text, span_of(fact)
    return ends.split(text[max(within[0], 0) : start])[-1], ends.split(text[end : within[1]])
