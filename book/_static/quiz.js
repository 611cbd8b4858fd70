// The quizzes of a page: mark the chosen answers, announce the verdict, unfold the
// explanations. Without this file the explanations are visible from the start.
document.documentElement.classList.add("vl-js");

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches(".vl-quiz")) return;
  event.preventDefault();
  const verdict = form.querySelector(".vl-quiz-verdict");
  const button = form.querySelector("button");
  const boxes = [...form.querySelectorAll("input")];
  if (form.classList.contains("answered")) {
    form.reset();
    form.classList.remove("answered", "right");
    boxes.forEach((box) => box.parentElement.classList.remove("chosen"));
    verdict.textContent = "";
    button.textContent = form.dataset.check;
    return;
  }
  if (!boxes.some((box) => box.checked)) {
    verdict.textContent = form.dataset.none;
    return;
  }
  const right = boxes.every((box) => box.checked === (box.value === "right"));
  boxes.forEach((box) => box.parentElement.classList.toggle("chosen", box.checked));
  form.classList.add("answered");
  form.classList.toggle("right", right);
  verdict.textContent = right ? form.dataset.right : form.dataset.wrong;
  button.textContent = form.dataset.again;
});
