"""What tells in Mandarin that a value is corrected, confirmed, refused, asked for or gone on with."""

from __future__ import annotations

import re

from callcore.understand.entities.spans import TurnCues

FILLERS = re.compile("(?:[ ,.、。;!?]|嗯|啊|呃|额|哦|那个|然后是?|就是|后面是?|接着是?|再是|是|好的?|对){0,8}")

CUES = TurnCues(
    correction=re.compile(
        "[ ,.。!?]*(?:啊|呃|哦|嗯|哎)?[ ,.。!?]*(?:不对不对|不对|不是不是|不是|不不不|不不|说错了?|我说错了|讲错了|错了|搞错了|弄错了|记错了|看错了|更正一下|更正|纠正一下|应该是|哦不)"
        "(?:啊|呀|了|,|。| |我|说错了?|搞错了|记错了|更正一下|应该|是|那个|呃|嗯|换成|改成|的){0,8}"
    ),
    yes=re.compile("[ ,.。!]*(?:嗯+|啊|哦|呃)?[ ,.。!]*(?:对对?|没错|是的|是是|是(?![不吗])|正确|可以|好的?|没问题|ok|就是这个|确认|嗯+)"),
    no=re.compile("[ ,.。!]*(?:啊|哦|呃|嗯)?[ ,.。!]*(?:不对|不是|错了|不正确|有误|不不|没有|说错了|你?(?:听|说|记|搞)错了)"),
    question=re.compile("吗|对吧|是吧|是不是|对不对|没错吧|核对一下|确认一下|\\?"),
    asks=re.compile("多少|什么|几号|报一下|提供一下|说一下|告诉我|输入|请报|麻烦报|念一下|读一下|请提供|请说|核实一下|核对一下|后四位"),
)
