"""How well the insurer knows its customers, in words. A key maps to a pair (English, Chinese)."""

from __future__ import annotations

ESTIMATES: dict[str, tuple[str, str]] = {
    "estimates.heading": ("What the insurer knows of its customers", "保险公司对客户的判断"),
    "estimates.lead": (
        "Estimates beside the truth at the end, of customers who have not refused targeting. Accuracy is the share "
        "whose estimate is right; beside it stands what whoever took everybody for the commonest would reach without "
        "looking. Precision and recall are those of a warning: of the customers who are taken to be "
        "about to leave, the share who are; of those who are, the share who are taken to be.",
        "期末估计与真实状态的对照，仅含未拒绝自动化营销的客户。准确率为判断正确的比例，"
        "其旁为不加辨别、一律判为最常见情形时的比例；"
        "精确率与召回率针对流失预警：被判断为将流失者中确实如此的比例，以及确实如此者中被识别出的比例。",
    ),
    "estimates.estimate": ("Estimate", "判断"),
    "estimates.stage": ("Stage", "生命周期阶段"),
    "estimates.tag": ("Segment tag", "客群标签"),
    "estimates.churn_score": ("Score of early warning", "流失预警评分"),
    "estimates.accuracy": ("Accuracy", "准确率"),
    "estimates.commonest": ("Without looking", "不加辨别时"),
    "estimates.customers": ("About to leave", "处于流失预警的客户"),
    "estimates.precision": ("Precision", "精确率"),
    "estimates.recall": ("Recall", "召回率"),
}
