"""What tells in Mandarin that a value is corrected, confirmed, refused, asked for or gone on with."""

from __future__ import annotations

import re

from callcore.understand.entities.corrections import Corrections
from callcore.understand.entities.spans import TurnCues

FILLERS = re.compile("(?:[ ,.、。;!?…]|嗯|啊|呃|额|哦|那个|然后是?|就是|后面是?|接着是?|再是|是|好的?|对){0,8}")

CUES = TurnCues(
    yes=re.compile(
        "[ ,.。!]*(?:嗯+|啊|哦|呃)?[ ,.。!]*(?:对对?|没错|是的|是是|是(?![不吗谁])|正确|可以|好的?|没问题|"
        "ok|就是这个|确认|嗯+)"
    ),
    no=re.compile(
        "[ ,.。!]*(?:啊|哦|呃|嗯)?[ ,.。!]*(?:不对|不是|错了|不正确|有误|不不|没有|说错了|你?(?:听|说|记|搞)错了)"
    ),
    question=re.compile(
        "对吗|是吗|对吧|是吧|是不是|对不对|没错吧|正确吗|没问题吧|核对一下|确认一下|跟您核对|跟您确认|"
        "重复一下|是[^吗]{1,24}吗"
    ),
    offer=re.compile("(?<![^,.。!?])(?:那么?|请问|您|现在|还|是否|是不是)*(?:需要|想要?|要)[^,.。!?]{1,20}吗[?]?$"),
    asks=re.compile(
        "多少|什么|几号|报一下|报个|就行|提供|说一下|告诉我|输入|请报|麻烦报|念一下|读一下|请说|核实|核对|后四位|"
        "发一下|留一下|讲一下|贵姓|称呼|尊姓|留个|登记|有没有|哪个|哪位|报给我|说下|报下|念给我|姓名|名字|全名"
    ),
    wanted={
        "card_tail": re.compile(
            "(?<!身份证)(?<!手机)尾[号数巴]|(?<!身份证)(?<!证件)(?<!身份证号)(?<!证件号)(?<!号码)(?<!身份证最)(?<!身份证的)"
            "(?<!号码的)(?<!号码最)(?<!号码的最)(?<!手机)[后末][四4][位个]|(?:卡号?的?|^|[,。])末尾"
        ),
        "card_number": re.compile("卡号(?!的?(?:后|末|最后)[四4]位|的?末尾|呢?,?尾数)"),
        "account": re.compile("账号|账户号|折子?号|存单号"),
        "phone": re.compile("手机号|手机(?:尾号|[后末][四4]位)|电话号|手机号码|联系电话|联系方式"),
        "id_number": re.compile("身份证号?|证件号"),
        "code": re.compile("验证码|动态码|校验码|安全码"),
        "card_expiry": re.compile("有效期"),
        "reference": re.compile("工单号|单号|编号|流水号"),
        "name": re.compile("贵姓|称呼|姓名|名字|尊姓|叫什么|您是哪位|哪位(?=[?。]|$)|全名"),
    },
    filler=re.compile("(?:[ ,.、。;!?…]|嗯|啊|呃|额|哦|然后|后面|还有|那个|等一下|等等|是){0,8}"),
)

_OH = "[ ,.。!?、]*(?:(?:啊|呃|哦|嗯|哎呀?|诶|噢)[ ,.。!?、]*)?"
_WRONG = (
    "不对不对|不对|不是不是|不是(?=[,。 、是])|不不不|不不|(?:我)?(?:又)?(?:说|讲|记|看|搞|弄|报|"
    "念)错了?|(?<![转扣打汇付存取刷收买输充还寄点])错了|口误|更正一下|更正|纠正一下|重新说|等一下|等等|应该是|哦不|算了"
)
CORRECTIONS = Corrections(
    between=re.compile(
        f"[^,.。\\d]{{0,6}}{_OH}(?:{_WRONG})(?:{_WRONG}|啊|呀|了|,|。| |、|我|应该|是|那个|呃|嗯|换成|改成|"
        f"的|到|转|存|取|还|要|还是|来|就){{0,10}}"
    ),
    not_before=re.compile("不是$"),
    between_not=re.compile("[^,.。\\d]{0,4}[ ,。]?(?:而)?(?:应该)?是(?:说)?"),
    second_refused=re.compile("[^,.。\\d]{0,4}[ ,。]?(?:而)?不是"),
)
