"""What the grader says to people, in both languages; reports hold nothing else.

Every reason that `listen`, `verdict` and `submission` can give has its line here (a
test holds this).
"""

from __future__ import annotations

REASONS: dict[str, dict[str, str]] = {
    "ok": {"ko": "정상입니다.", "en": "Fine."},
    "wrong_value": {
        "ko": "값이 기대한 값과 다릅니다.",
        "en": "The value differs from the expected one.",
    },
    "wrong_shape": {
        "ko": "결과의 모양이 기대한 모양과 다릅니다.",
        "en": "The result has another shape than expected.",
    },
    "wrong_count": {
        "ko": "값의 개수가 기대한 개수와 다릅니다.",
        "en": "There are more or fewer values than expected.",
    },
    "wrong_text": {
        "ko": "글이 기대한 것과 다릅니다.",
        "en": "The text differs from the expected one.",
    },
    "wrong_dtype": {
        "ko": "값은 맞지만 숫자의 자료형이 다릅니다.",
        "en": "The numbers are right, but they have another type than expected.",
    },
    "wrong_size": {
        "ko": "원소의 개수가 기대한 개수와 다릅니다.",
        "en": "There are more or fewer members than expected.",
    },
    "wrong_member": {
        "ko": "순서와 상관없이 비교해도 기대한 것과 다른 원소가 있습니다.",
        "en": "Even in any order, some member is not an expected one.",
    },
    "wrong_image_size": {
        "ko": "그림의 높이나 너비가 기대한 것과 다릅니다.",
        "en": "The picture has another height or width than expected.",
    },
    "wrong_image": {
        "ko": "그림이 기대한 그림과 다릅니다.",
        "en": "The picture differs from the expected one.",
    },
    "wrong_error": {
        "ko": "오류는 발생하지만 종류가 다릅니다.",
        "en": "It raises an error, but of another kind.",
    },
    "wrong_message": {
        "ko": "오류 메시지에 필요한 내용이 없습니다.",
        "en": "The error's message lacks what it should say.",
    },
    "no_error": {
        "ko": "잘못된 입력인데 오류가 발생하지 않습니다.",
        "en": "Bad input is accepted without an error.",
    },
    "an_error": {
        "ko": "올바른 입력인데 오류가 발생합니다.",
        "en": "Good input raises an error.",
    },
    "not_finite": {
        "ko": "결과에 NaN이나 무한대가 있습니다.",
        "en": "The result holds NaN or infinity.",
    },
    "rejected": {
        "ko": "결과가 문제의 조건을 만족하지 않습니다.",
        "en": "The result does not meet the question's conditions.",
    },
    "malformed": {
        "ko": "비교할 수 없는 값이 나왔습니다.",
        "en": "The value cannot be compared.",
    },
    "no_value": {
        "ko": "비교할 값이 나오지 않았습니다.",
        "en": "No value came out to compare.",
    },
    "no_reference": {
        "ko": "기준값이 없습니다.",
        "en": "There is no reference value.",
    },
    "error": {"ko": "실행 중에 오류가 났습니다.", "en": "It ended in an error."},
    "unanswered": {
        "ko": "아직 답을 쓰지 않았습니다.",
        "en": "There is no answer yet.",
    },
    "timeout": {"ko": "제한 시간을 넘겼습니다.", "en": "It ran out of time."},
    "kernel_died": {
        "ko": "파이썬이 도중에 끝났습니다.",
        "en": "Python ended while it ran.",
    },
    "memory_limit": {
        "ko": "메모리 한도를 넘겼습니다.",
        "en": "It went over the memory limit.",
    },
    "disk_limit": {
        "ko": "디스크 한도를 넘겼습니다.",
        "en": "It went over the disk limit.",
    },
    "output_limit": {
        "ko": "출력이 너무 많습니다.",
        "en": "It printed or showed too much.",
    },
    "setup_failed": {
        "ko": "채점 환경의 문제로 채점하지 못했습니다. 점수가 아닙니다.",
        "en": "Our grading environment failed; this is not a mark.",
    },
    "ungraded": {
        "ko": "아직 채점하지 못했습니다. 0점이 아닙니다.",
        "en": "Not graded yet; this is not zero points.",
    },
    "not_a_file": {
        "ko": "읽을 수 있는 파일이 아닙니다.",
        "en": "This is not a file that can be read.",
    },
    "empty_file": {"ko": "빈 파일입니다.", "en": "The file is empty."},
    "too_large": {
        "ko": "파일이 너무 큽니다. 출력을 지우고 다시 제출하십시오.",
        "en": "The file is too large; clear the outputs and hand it in again.",
    },
    "too_many_cells": {
        "ko": "셀이 너무 많습니다.",
        "en": "The notebook has too many cells.",
    },
    "too_much_code": {
        "ko": "코드가 너무 깁니다. 답에 필요 없는 것을 지우고 다시 제출하십시오.",
        "en": "There is too much code; remove what is not part of the answers.",
    },
    "cell_too_long": {
        "ko": "너무 긴 코드 셀이 있어 빈 셀로 보았습니다.",
        "en": "A code cell is too long and counts as empty.",
    },
    "not_json": {
        "ko": "노트북 파일이 깨졌습니다(JSON이 아닙니다). 다시 저장해 제출하십시오.",
        "en": "The notebook is damaged (not JSON); save it again and hand it in.",
    },
    "not_a_notebook": {
        "ko": "주피터 노트북이 아닙니다.",
        "en": "This is not a Jupyter notebook.",
    },
    "other_lab": {
        "ko": "다른 실습의 노트북입니다.",
        "en": "This notebook belongs to another lab.",
    },
    "upgraded": {
        "ko": "오래된 형식의 노트북을 변환해서 읽었습니다.",
        "en": "The notebook had an old format and was converted.",
    },
    "not_valid": {
        "ko": "노트북 형식에 어긋난 곳이 있지만 읽을 수 있는 만큼 읽었습니다.",
        "en": "The notebook breaks the format in places; what could be read was read.",
    },
    "no_notebook": {
        "ko": "제출한 파일에 노트북(.ipynb)이 없습니다.",
        "en": "There is no notebook (.ipynb) among the files handed in.",
    },
    "several_notebooks": {
        "ko": "노트북이 여럿이어서 점수가 가장 높은 것을 셉니다.",
        "en": "There are several notebooks; the one with the most points counts.",
    },
    "no_answers": {
        "ko": "답을 쓰는 셀을 찾지 못했습니다.",
        "en": "No answer cells were found.",
    },
    "nothing_handed_in": {
        "ko": "제출한 노트북이 없습니다.",
        "en": "Nothing was handed in.",
    },
    "not_in_roster": {
        "ko": "수강생 명단에 없는 학습자입니다.",
        "en": "This learner is not in the roster.",
    },
    "late_by_platform": {
        "ko": "제출 플랫폼에 늦은 제출로 표시되어 있습니다.",
        "en": "The platform marks this as handed in late.",
    },
    "late_time_unknown": {
        "ko": "늦은 제출이지만 제출 시각을 알 수 없어 점수를 정하지 못했습니다.",
        "en": "It was late, but nothing says how late; so there is no mark yet.",
    },
    "time_unknown": {
        "ko": "제출 시각을 알 수 없어 제때 낸 것으로 보았습니다.",
        "en": "The time is unknown; it counts as handed in on time.",
    },
    "closed": {
        "ko": "제출 기간이 끝난 뒤에 낸 노트북이어서 0점입니다.",
        "en": "Handed in after the lab had closed: 0 points.",
    },
    "marked_other_attempt": {
        "ko": "사람이 매긴 점수는 다른 제출본을 보고 매긴 것입니다.",
        "en": "The points given by a person were given for another version.",
    },
    "not_marked": {
        "ko": "사람이 매기는 점수가 아직 다 나오지 않았습니다.",
        "en": "A person has not marked every item yet.",
    },
}

WORDS: dict[str, dict[str, str]] = {
    "question": {"ko": "문제", "en": "Question"},
    "points": {"ko": "점수", "en": "Points"},
    "message": {"ko": "설명", "en": "Message"},
    "total": {"ko": "합계", "en": "Total"},
    "right": {"ko": "맞았습니다.", "en": "Right."},
    "expected": {"ko": "기대한 값", "en": "expected"},
    "got": {"ko": "나온 값", "en": "got"},
    "at": {"ko": "위치", "en": "at"},
    "input": {"ko": "작은 입력", "en": "small input"},
    "after": {"ko": "호출 뒤의 {name}", "en": "{name} after the call"},
    "blocked": {
        "ko": "먼저 고칠 문제: {questions}. 이 문제는 그 답을 씁니다.",
        "en": "Look at {questions} first: this question uses that answer.",
    },
    "graded": {"ko": "채점됨", "en": "graded"},
    "unreadable": {"ko": "읽을 수 없음", "en": "unreadable"},
    "ungraded": {"ko": "미채점", "en": "ungraded"},
    "report": {"ko": "채점 결과", "en": "Report"},
    "learner": {"ko": "학습자", "en": "Learner"},
    "state": {"ko": "상태", "en": "State"},
    "sandbox": {"ko": "격리 환경", "en": "Sandbox"},
    "preparing": {
        "ko": "기준값을 준비합니다(처음 한 번만).",
        "en": "Preparing the reference values (only once).",
    },
    "public": {
        "ko": "공개 입력으로 확인한 결과입니다. 채점에는 다른 입력을 씁니다.",
        "en": "Checked with public inputs; grading uses other ones.",
    },
    "sheet_marks": {"ko": "채점표", "en": "Marks"},
    "sheet_help": {"ko": "안내", "en": "How to use"},
    "sheet_student": {"ko": "학번", "en": "Student"},
    "sheet_name": {"ko": "이름", "en": "Name"},
    "sheet_page": {"ko": "결과 보기", "en": "Report"},
    "sheet_auto": {"ko": "자동 채점", "en": "Autograded"},
    "sheet_comment": {"ko": "의견", "en": "comment"},
    "sheet_manual": {"ko": "수동 채점", "en": "Marked by a person"},
    "sheet_total": {"ko": "합계", "en": "Total"},
    "sheet_allowed": {"ko": "넣을 수 있는 점수", "en": "Points that can be given"},
}


def reason(key: str, lang: str) -> str:
    """One line for a reason; an unknown key speaks for itself."""
    return REASONS.get(key, {}).get(lang, key)


def word(key: str, lang: str) -> str:
    """A label of a report."""
    return WORDS[key][lang]
