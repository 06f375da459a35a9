"""Passwords, numbers of papers and e-mail addresses in Mandarin, and what is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.privacy import mandarin_homes, mandarin_staff
from callcore.privacy.mandarin_names import ANSWER_CLAUSE, FILLER, NO_ANSWER
from callcore.privacy.spans import HAN, NEVER, Secret, last_asked
from callcore.privacy.view import View
from callcore.types import Role

_HAN = "\u4e00-\u9fff"
_SECRET_WORD = re.compile(
    r"(?:密码|口令|验证码|校验码|动态码|激活码|授权码|暗号|密保答案|(?:安全|密保)?问题的?答案|安全码|交易码|邀请码|"
    r"cvv2?|pin码?)"
    r"(?:我|您|你)?(?:改成|改为|设成|设的?是|设置成|设为|应该是|好像是|大概是|就是|还是|是|为|叫|用的?是?|输的?是?|:|"
    r",| ){1,2} ?(?:嗯|呃|那个)?[ ,]?"
)
_TELLS = re.compile("[是为叫成:]")
_USER = re.compile(
    r"(?:微信|qq|支付宝|抖音|用户名|登录名|会员名|昵称)(?:号码?|账号|id)?(?:就?是|为|叫|:|,|"
    r" ){0,2}(?P<user>[a-z\d][a-z\d_.-]{3,})"
)
_TOKENS = re.compile(
    r"(?:(?:大写的?|小写的?|字母|数字|符号|艾特|井号|下划线|星号|感叹号|问号|点|杠|幺|然后|接着|再加|"
    r"[a-z\d零一二三四五六七八九十@#$%&*_!~^+=.-])[ ,、]?)+"
)
_LETTERS_AND_DIGITS = re.compile(r"(?=.*[a-z])(?=.*[\d零一二三四五六七八九])")
#: what a password is said to be that is none
_NO_WORD = re.compile("位|数字|字母|那个|以前|原来|身份证|手机|生日|验证|加|上|的|记|输|按|试|次|后|前|银行|卡")
_HAN_WORD = re.compile(rf"[{_HAN}]{{2,6}}?(?=[,.。!? ]|$)")
_NO_SECRET = re.compile(
    "什么|多少|几|对|错|正确|不|没|哪|怎|我|你|您|他|她|这|那|忘|改|重|旧|新|原|初始|六位|四位|八位|随机|一样|必须|"
    "需要|由|指|用|为|要|在|通过|可以|发|短信|有|个|的|锁|"
    "初|默认|安全|保密|失效|过期|无效|有效|生日"
)
_DIGIT = r"[\d零一二三四五六七八九幺]"
#: papers, with words for their numbers, and the number plates of cars
_PAPER = re.compile(
    r"(?:军官证|士兵证|警官证|护照|驾照|驾驶证|通行证|回乡证|台胞证|居住证|居留许可|签证|户口[本簿]|出生(?:医学)?证明?|房产证|结婚证|档案|行驶证|社保卡?|医保卡?|残疾证|车架|发动机|qq)(?:号码?|账号|编号|户号)?"
    rf"(?:就?是|为|叫|[:, ]){{0,2}}(?P<number>(?:[{_HAN}]字?第)?(?:[a-z] ?){{0,2}}(?:{_DIGIT}[ ,-]?){{4,}}{_DIGIT}号?)"
)
_PAPER_NAMED = re.compile(
    "(?:驾驶?[证照]|行驶证|户口[本簿]|出生(?:医学)?证明?|居留许可|居住证|护照|签证|军官证|通行证|学生证|残疾证|结婚证)"
)
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCES}][a-z][ ·,.-]?(?=(?:[a-z]?[ ,]?{_DIGIT}){{3}})"
    rf"(?:[a-z]|{_DIGIT})(?:[ ,]?(?:[a-z]|{_DIGIT})){{4,5}}[挂学警]?"
)
#: the beginning of one, and what follows after a pause: 湘A的，D八九零七二; 鲁B，然后七K二二九
_PLATE_BEGUN = re.compile(
    rf"(?:(?<![{_HAN}])|(?<=[车是牌的为扣]))[{_PROVINCES}][a-z](?![a-z])"
    rf"(?:(?:[ ,.·-]|的|带的?|后面|然后|就?是|再|呃|嗯|新能源|那个){{0,6}}"
    rf"(?:[二两三四]个{_DIGIT}|{_DIGIT}|[a-z](?![a-z])|[挂学警](?!车)))*"
)
#: what is asked to know whom one speaks with, told unasked: 我小学是实验二小
_PROOF = re.compile(
    rf"(?:小学|中学|初中|高中|幼儿园|母校|宠物|偶像|出生地|毕业学校)(?:的?名字)?(?:是|叫|在)"
    rf"(?P<answer>(?!什么|哪|啥|几|谁|不|没|您|你)[{_HAN}a-z\d]{{2,10}})(?=[ ,.。!?]|$)"
)
#: the last digit of a number, after a pause: 后面还有一位，……九
_LAST_DIGIT = re.compile(
    rf"(?:还有|漏了|少了|差)(?:个|一位|一个)[ ,.。、…]*(?:是|呃|嗯)?[ ,]*(?P<digit>{_DIGIT})(?=[ ,.。!?]*$)"
)
_MOST_OF_NUMBER = 7  # digits before such a one that are a telephone number but for it
_MAIL_CUE = re.compile(
    r"(?:邮箱|邮件地址|电子邮件|email|e-mail|mail)(?:地址|账号)?(?:改成|换成|改为|就?是|为|:|,| ){1,2}"
)
_MAIL = re.compile(
    r"(?:(?:[a-z\d零一二三四五六七八九幺._+@-]|下划线|点|杠|减号|横杠|艾特|爱特|圈a|小老鼠|大写的?|全?小写的?|字母|"
    r"全拼|拼音|"
    r"然后|再加|加上?|就是|邮箱|at|dot|com|cn|net)[ ,]?){3,}"
)
_MAIL_HOST = re.compile(
    r"(?:(?:[a-z\d零一二三四五六七八九幺._+-]|下划线|点|杠) ?){2,40}[ ,]?(?:@|艾特|爱特|圈a|小老鼠|"
    r"at)[ ,]?(?:[a-z\d零一二三四五六七八九幺.-]| |点)*"
    r"|(?:[a-z\d._+-] ?){3,40}[ ,]?(?:qq|163|126|gmail|hotmail|outlook|sina|foxmail|yeah|icloud)[ ,]?(?:点|\.|"
    r"dot)[ ,]?(?:com|cn|net)"
)

_ASKS = (
    (
        "name",
        re.compile(
            "怎么称呼|如何称呼|贵姓|姓名|名字|叫什么|哪位|户名|全名|您是(?:谁|哪)|姓什么|(?:先生|女士|"
            "小姐)(?=[ ,]?(?:是吗|对吗|对吧|是吧|吗|\\?))"
        ),
    ),
    (
        "birth",
        re.compile(
            "生日(?!当|月[有是可享会领]|礼|特|优惠|福利|快乐|活动|积分|双倍)|出生(?:日期|年月|年份|月份|的?年|月日)|[几哪]年(?:出?生|的人)|几几年|哪天(?:出生|生的)|日出生"
        ),
    ),
    ("address", re.compile(f"地址|住哪|住在哪|住址|寄到哪|寄到什么|邮寄到|哪个小区|{mandarin_homes.QUESTION}")),
    ("email", re.compile("邮箱|电子邮件")),
    ("reference", re.compile("工单号?|单号|编号|流水号?|参考号|受理号|案件号|回执")),
    (
        "word",
        re.compile("密码|口令|暗号|密保|安全问题|答案|小学|中学|宠物|母亲的?(?:姓名|名字)|出生地|偶像|班主任|最喜欢"),
    ),
)
_ASKING = re.compile(
    "多少|什么|报一下|提供|说一下|告诉|请说|核实|核对|麻烦|哪|几[号楼栋幢座单层室户组队弄零]|那写|贵姓|称呼|请问|念一下|留一下|吗|呢|\\?|说说|确认"
)
#: what is asked beside these words is asked to know whom one speaks with
_SECURITY = re.compile("安全问题|密保|提示问题|安全口令")
#: the same, and questions that nobody asks for another reason: what is answered is a secret, a plain word as well
_PROOFS = re.compile(
    "安全问题|密保|提示问题|答案提示|问题(?:就?是|:)|口令|暗[语号]|口头密码|预留的?(?:问题|信息|短语|答案|验证|词)|验证信息|"
    "最喜欢的|第一(?:辆车|部手机|台电脑|份工作|个座驾|个?宠物|只[猫狗]|所学校|次坐)|座驾品牌|手势密码|"
    "(?:父亲|母亲|配偶|爱人|妻子|丈夫|孩子|儿子|女儿)的?(?:职业|家乡|籍贯|小名|乳名|属相|出生地|出生年份)"
)
_PROOF_LEAD = re.compile(
    "(?:嗯+|呃|啊|哦|对|不对|不是|那个?|这个|我?知道了|我?想起来了|好像|应该|大概|可能|当时|就|"
    '(?:口令|暗[语号]|短语|答案|密码|名字)(?=是|叫)|是|写的?|填的?|设的?|叫|的|,| |"|“)*'
)
_NO_PROOF = re.compile(
    "(?:我|你|您|什么|怎么|忘|记不|不|没|等|稍|干嘛|为什么|请|能|可以|公历|谢|哪|啥|谁|知道|有的?$|还是|重新|换|改|要|密码|"
    "(?:好|行|嗯|对|是|正确|哈|一样|同意|可以|需要|设过|算了|再见)+[的了吧啊呀吗]*$)"
)
_IS_ASKED = re.compile("请?回答|(?:问题|提示)(?:就?是|:)")
_PROOF_CLAUSES = 3  # of an answer that are looked at
_LONGEST_PROOF = 12  # characters
#: of a place of the bank's, which is no secret
_OF_BANK = re.compile("^[^您住寄邮家]*(?:支行|分行|网点|营业[厅部所]|柜台|你们|取款机|atm)[^您住寄邮家]*$")


def asks(text: str) -> str:
    """As :func:`callcore.privacy.spans.last_asked`."""
    asked = last_asked(text, _ASKING, _ASKS, _SECURITY)
    if (
        asked in ("word", "", "birth", "address")
        and _PROOFS.search(text)
        and (_ASKING.search(text) or _IS_ASKED.search(text))
    ):
        return "proof"
    if asked == "reference" and _PAPER_NAMED.search(text):
        return "paper"
    if asked in ("name", "") and mandarin_staff.asks(text):
        return mandarin_staff.ASKED
    return "" if asked == "address" and _OF_BANK.search(text) else asked


def words(view: View) -> Iterator[Secret]:
    """Passwords and the like that are letters or words."""
    text = view.text
    for match in _SECRET_WORD.finditer(text):
        told = _TELLS.search(match[0]) is not None  # and no comma alone
        said = _TOKENS.match(text, match.end()) or (_HAN_WORD.match(text, match.end()) if told else None)
        if said and not _NO_SECRET.match(text, match.end()) and not said[0].isspace():
            own = view.speaker is not Role.AGENT and match[0][-1] in "是叫" and not _NO_WORD.search(said[0])
            sure = told and (own or _LETTERS_AND_DIGITS.match(said[0]) is not None)
            yield Secret("code", match.end(), said.end(), least=NEVER if sure else HAN)
    for match in _USER.finditer(text):
        yield Secret("account", *match.span("user"))
    last = _LAST_DIGIT.search(text)
    if last and (view.number_wanted or len(re.findall(_DIGIT, text[: last.start()])) >= _MOST_OF_NUMBER):
        yield Secret("digits", *last.span("digit"), least=NEVER)
    for match in _PAPER.finditer(text):
        yield Secret("id_number", *match.span("number"))
    for pattern in (_PLATE, _PLATE_BEGUN):
        for match in pattern.finditer(text):
            yield Secret("id_number", *match.span())
    if view.asked in ("word", "proof") or _SECURITY.search(text):
        for match in _PROOF.finditer(text):
            yield Secret("code", *match.span("answer"), least=NEVER)
    if view.asked == "proof" and view.speaker is not Role.AGENT:
        yield from _proofs(text)
    if view.asked == "word" and len(text) <= 20:
        answer = re.compile(rf"(?:[ ,.。!?]|{FILLER})*(?P<word>[^ ,.。!?][^,.。!?]*)").match(text)
        if answer and not _NO_SECRET.match(answer["word"]) and not NO_ANSWER.match(answer["word"]):
            yield Secret("code", *answer.span("word"), least=HAN)


def _proofs(text: str) -> Iterator[Secret]:
    """The clauses of an answer to what is asked to know whom one speaks with."""
    for clause in list(ANSWER_CLAUSE.finditer(text))[:_PROOF_CLAUSES]:
        start = _PROOF_LEAD.match(text, *clause.span()).end()  # type: ignore[union-attr]  # it also matches nothing
        said = text[start : clause.end()].rstrip('吧啊呀"”')
        if 0 < len(said) <= _LONGEST_PROOF and not _NO_PROOF.match(said):
            yield Secret("code", start, start + len(said), least=NEVER)


def emails(view: View) -> Iterator[Secret]:
    """What is left of e-mail addresses that a recogniser garbled, or that are only begun."""
    text = view.text
    starts = [match.end() for match in _MAIL_CUE.finditer(text)]
    if view.asked == "email":
        starts.append(0)
    for start in starts:
        said = _MAIL.search(text, start, start + 60)
        if said and (view.asked == "email" or said.start() - start <= 4):
            yield Secret("email", *said.span())
    for match in _MAIL_HOST.finditer(text):
        if re.search("[a-z]", match[0]):
            yield Secret("email", *match.span())
