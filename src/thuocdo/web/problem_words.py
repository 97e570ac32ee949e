"""What is wrong and what to do, by a refusal's code, in the reader's words."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy

_ABSENT = (
    gettext_lazy("Cơ quan này không có trong sổ đăng ký vào ngày đã chọn."),
    gettext_lazy("Chọn kỳ hoặc ngày tổ chức bộ máy khác, hoặc tìm cơ quan ở trang Cơ quan."),
)
TEXTS: Final = {
    "bad_period": (
        gettext_lazy("Kỳ báo cáo không hợp lệ."),
        gettext_lazy("Chọn ngày đầu trước ngày cuối, ví dụ từ 2022-01-01 đến 2022-04-30."),
    ),
    "bad_date": (
        gettext_lazy("Ngày không hợp lệ."),
        gettext_lazy("Viết ngày theo dạng năm-tháng-ngày, ví dụ 2022-04-30."),
    ),
    "bad_week": (
        gettext_lazy("Tuần không hợp lệ."),
        gettext_lazy("Viết tuần theo dạng 2022-W18."),
    ),
    "bad_time": (
        gettext_lazy("Thời điểm không hợp lệ."),
        gettext_lazy("Viết thời điểm theo dạng 2022-05-06 hoặc 2022-05-06T17:00:00+07:00."),
    ),
    "unknown_agency": _ABSENT,
    "agency_not_there": _ABSENT,
    "bad_url": (
        gettext_lazy("Địa chỉ này không phải địa chỉ web kiểm tra được."),
        gettext_lazy("Viết như https://congthongtin.gov.vn/, không kèm tên và mật khẩu."),
    ),
    "bad_number": (
        gettext_lazy("Mã giám sát và số trang phải là số."),
        gettext_lazy("Để trống mã giám sát nếu chưa biết."),
    ),
    "bad_pages": (
        gettext_lazy("Không kiểm tra được từng ấy trang một lần."),
        gettext_lazy("Chọn từ 1 đến 20 trang."),
    ),
    "unknown_site": (
        gettext_lazy("Mã giám sát này chưa được đăng ký."),
        gettext_lazy("Kiểm tra lại số, hoặc để trống để đối chiếu theo tên miền."),
    ),
    "too_many_checks": (
        gettext_lazy("Bạn đang có quá nhiều yêu cầu kiểm tra chờ xử lý."),
        gettext_lazy("Chờ một yêu cầu xong rồi gửi tiếp."),
    ),
    "remake_waits": (
        gettext_lazy("Bản dự thảo của tuần này đang được lập lại."),
        gettext_lazy("Chờ việc đang chạy xong rồi mới yêu cầu lập lại lần nữa."),
    ),
    "bad_round_code": (
        gettext_lazy("Tên đợt không hợp lệ."),
        gettext_lazy("Dùng chữ thường không dấu, chữ số và gạch ngang, ví dụ 2026-1."),
    ),
    "round_exists": (
        gettext_lazy("Đã có một đợt mang tên này."),
        gettext_lazy("Chọn tên khác."),
    ),
    "no_systems": (
        gettext_lazy("Danh sách chưa có hệ thống nào."),
        gettext_lazy("Thêm ít nhất một dòng dưới dòng tiêu đề."),
    ),
    "unknown_criteria": (
        gettext_lazy("Không có bộ tiêu chí này."),
        gettext_lazy("Chọn một bộ trong danh sách."),
    ),
    "round_closed": (
        gettext_lazy("Đợt đánh giá không còn ở bước này."),
        gettext_lazy("Xem trạng thái hiện nay của đợt rồi làm bước kế tiếp."),
    ),
    "bad_mark": (
        gettext_lazy("Điểm này không cho được."),
        gettext_lazy(
            "Điểm nằm từ 0 đến điểm tối đa của tiêu chí, và mỗi người chấm một tiêu chí một lần."
        ),
    ),
    "no_evidence_given": (
        gettext_lazy("Điểm chưa được giữ: cần ghi bằng chứng."),
        gettext_lazy("Ghi ngắn gọn đã thấy ở đâu, lúc nào; nhiều nhất 2.000 ký tự."),
    ),
    "simulated_hosts": (
        gettext_lazy("Đây là số liệu mô phỏng: tên miền trong sổ đăng ký là của người khác."),
        gettext_lazy("Quét thử ở hệ thống có sổ đăng ký thật."),
    ),
    "no_contact": (
        gettext_lazy("Máy quét phải nói rõ người vận hành trang liên hệ với ai; chưa có địa chỉ."),
        gettext_lazy("Điền thư điện tử hoặc địa chỉ https://; hoặc đặt THUOCDO_CONTACT_MAIL."),
    ),
    "bad_contact": (
        gettext_lazy("Địa chỉ liên hệ của máy quét không đúng."),
        gettext_lazy("Viết như ten@coquan.gov.vn, hoặc https://coquan.gov.vn/lien-he."),
    ),
    "bad_lab_runs": (
        gettext_lazy("Số lần đo tải trang không hợp lệ: quá ít thì không thành phép đo."),
        gettext_lazy("Chọn từ 5 đến 15 lần, hoặc 0 để không đo tải trang."),
    ),
    "trial_round": (
        gettext_lazy("Đợt thử trên trang mẫu chỉ đo được bằng dòng lệnh."),
        gettext_lazy("Lập một đợt từ danh sách hệ thống rồi đo trên web."),
    ),
    "scanning_already": (
        gettext_lazy("Đợt này đang được đo rồi; có thể người khác vừa bấm."),
        gettext_lazy("Không cần làm gì thêm; xem tiến độ."),
    ),
    "not_scanning": (
        gettext_lazy("Việc đo đợt này không còn ở bước ấy; có thể người khác vừa bấm."),
        gettext_lazy("Tải lại trang để xem trạng thái hiện nay."),
    ),
    "all_measured": (
        gettext_lazy("Mọi hệ thống của đợt đã đo xong."),
        gettext_lazy("Làm bước kế tiếp của đợt."),
    ),
    "scan_budget": (
        gettext_lazy("Cơ quan đã dùng hết số lần quét thử của 24 giờ."),
        gettext_lazy("Quét lại theo kiến nghị không tính vào số này."),
    ),
    "system_budget": (
        gettext_lazy("Hệ thống này vừa được quét thử nhiều lần."),
        gettext_lazy("Kết quả các lần quét trước vẫn xem được ở danh sách bên dưới."),
    ),
    "host_budget": (
        gettext_lazy(
            "Máy chủ này vừa được quét và kiểm tra nhiều lần; để không làm phiền người dùng của nó, hệ thống tạm ngừng hỏi thêm."
        ),
        gettext_lazy("Số lượt được tính chung cho mọi hệ thống và mọi cơ quan dùng máy chủ này."),
    ),
    "no_address": (
        gettext_lazy("Hệ thống này chưa đăng ký tên miền nào nên không biết quét ở đâu."),
        gettext_lazy("Điền tên miền ở mục Trang và mã nhúng, rồi quét lại."),
    ),
    "foreign_host": (
        gettext_lazy("Địa chỉ này không nằm trên tên miền đã đăng ký của hệ thống."),
        gettext_lazy("Chỉ quét được trang của chính hệ thống; đăng ký thêm tên miền nếu thiếu."),
    ),
    "unknown_system": (
        gettext_lazy("Cơ quan không có hệ thống này."),
        gettext_lazy("Chọn một hệ thống trong danh sách."),
    ),
    "not_scanned": (
        gettext_lazy("Tiêu chí này do người đánh giá chấm; máy quét không thấy được."),
        gettext_lazy("Trả lời kiến nghị theo bằng chứng của cơ quan và người đánh giá."),
    ),
    "not_obstructed": (
        gettext_lazy(
            "Hệ thống này không để ngỏ nhiều điểm vì phía trang hay vì máy đo nên không đo lại."
        ),
        gettext_lazy("Sau khi thông báo, cơ quan có thể kiến nghị từng tiêu chí."),
    ),
    "conflict_of_interest": (
        gettext_lazy(
            "Không ai đánh giá hệ thống của cơ quan mình, hay trả lời kiến nghị của chính mình."
        ),
        gettext_lazy("Để người khác làm việc này."),
    ),
    "no_reason": (
        gettext_lazy("Cần một lý do bằng lời."),
        gettext_lazy("Viết một hoặc vài câu nêu rõ vì sao."),
    ),
    "bad_appeal_days": (
        gettext_lazy("Số ngày kiến nghị không hợp lệ."),
        gettext_lazy("Chọn từ 1 đến 60 ngày."),
    ),
    "not_measured": (
        gettext_lazy("Còn hệ thống chưa đo xong."),
        gettext_lazy("Chạy tiếp máy quét cho tới khi mọi hệ thống đã đo."),
    ),
    "not_reconciled": (
        gettext_lazy("Còn chênh lệch giữa những người đánh giá."),
        gettext_lazy("Thống nhất từng chênh lệch trong mục Người đánh giá."),
    ),
    "not_announced": (
        gettext_lazy("Kết quả sơ bộ chưa được thông báo cho các cơ quan."),
        gettext_lazy("Thông báo trước, để các cơ quan kiến nghị."),
    ),
    "appeals_open": (
        gettext_lazy("Chưa công bố được: còn kiến nghị chưa trả lời hoặc chưa hết hạn kiến nghị."),
        gettext_lazy("Trả lời mọi kiến nghị và chờ hết hạn."),
    ),
    "appeal_open": (
        gettext_lazy("Tiêu chí này đang có một kiến nghị chờ trả lời."),
        gettext_lazy("Chờ câu trả lời rồi gửi thêm nếu cần."),
    ),
    "too_late": (
        gettext_lazy("Đã hết hạn kiến nghị của đợt này."),
        gettext_lazy("Sai sót phát hiện sau được sửa bằng sổ đính chính; hãy báo đơn vị đánh giá."),
    ),
    "decided": (
        gettext_lazy("Kiến nghị này đã được trả lời."),
        gettext_lazy("Tải lại trang để xem câu trả lời."),
    ),
    "unknown_appeal": (
        gettext_lazy("Không có kiến nghị nào như vậy đang chờ trả lời."),
        gettext_lazy("Tải lại trang để xem danh sách hiện nay."),
    ),
    "bad_simulation": (
        gettext_lazy("Không thử được với số điểm này."),
        gettext_lazy(
            "Mỗi nhóm cần một số điểm từ 0 trở lên, cộng lại đúng bằng tổng của bộ tiêu chí."
        ),
    ),
    "bad_feedback": (
        gettext_lazy("Góp ý chưa gửi được: nội dung còn trống, quá dài hoặc chưa chọn loại."),
        gettext_lazy("Viết vài câu, nhiều nhất 4.000 ký tự, và chọn loại góp ý."),
    ),
    "too_much_feedback": (
        gettext_lazy("Vừa có quá nhiều góp ý được gửi; góp ý này chưa được giữ lại."),
        gettext_lazy("Chờ một phút rồi gửi lại; nội dung bạn viết vẫn còn trong biểu mẫu."),
    ),
    "too_many_replays": (
        gettext_lazy("Bạn đang có quá nhiều yêu cầu xét lại chờ xử lý."),
        gettext_lazy("Chờ một yêu cầu xong rồi gửi tiếp."),
    ),
    "not_yours": (
        gettext_lazy("Khi đến lượt, người yêu cầu không còn quyền xét lại đối với cơ quan này."),
        gettext_lazy("Người đang có quyền hãy gửi lại yêu cầu."),
    ),
    "busy": (
        gettext_lazy("Một lần xét lại khác đang chạy và chưa xong."),
        gettext_lazy("Chờ ít phút rồi gửi lại yêu cầu."),
    ),
    "no_browser": (
        gettext_lazy("Máy chủ chưa có trình duyệt để kiểm tra."),
        gettext_lazy("Báo quản trị hệ thống cài Chromium hoặc đặt THUOCDO_CHROMIUM."),
    ),
    "interrupted": (
        gettext_lazy("Việc này bị gián đoạn nhiều lần nên đã dừng."),
        gettext_lazy("Gửi lại yêu cầu; nếu vẫn vậy, báo quản trị hệ thống."),
    ),
    "internal": (
        gettext_lazy("Việc này gặp lỗi bên trong. Lỗi đã được ghi lại."),
        gettext_lazy("Gửi lại yêu cầu; nếu vẫn vậy, báo quản trị hệ thống."),
    ),
    "bad_explanation": (
        gettext_lazy("Chưa có nội dung, hoặc nội dung dài quá 4.000 ký tự."),
        gettext_lazy("Viết ngắn gọn nguyên nhân và việc đã làm, rồi gửi lại."),
    ),
    "nothing_to_judge": (
        gettext_lazy("Dấu hiệu này chưa có giải trình nào."),
        gettext_lazy("Chờ cơ quan giải trình rồi mới quyết định."),
    ),
    "own_answer": (
        gettext_lazy("Bạn đã giải trình dấu hiệu này nên không quyết định được."),
        gettext_lazy("Người khác có quyền xem xét phải quyết định."),
    ),
    "bad_subscription": (
        gettext_lazy("Có lựa chọn không nằm trong danh sách, hoặc còn thiếu tên."),
        gettext_lazy("Chọn lại trong các danh sách rồi gửi lại."),
    ),
    "mail_without_address": (
        gettext_lazy("Muốn nhận thư thì phải có địa chỉ."),
        gettext_lazy("Điền địa chỉ thư điện tử, hoặc bỏ chọn nhận thư."),
    ),
    "bad_address": (
        gettext_lazy("Địa chỉ thư điện tử không đúng."),
        gettext_lazy("Viết như ten@coquan.gov.vn."),
    ),
    "bad_webhook": (
        gettext_lazy("Địa chỉ này không dùng làm webhook được."),
        gettext_lazy("Viết địa chỉ https:// bằng chữ không dấu, không kèm tên và mật khẩu."),
    ),
    "bad_task": (
        gettext_lazy(
            "Nhiệm vụ chưa đủ: cần tên (tối đa 200 chữ) và cơ quan trong phạm vi của bạn."
        ),
        gettext_lazy("Sửa lại biểu mẫu rồi gửi lại."),
    ),
    "bad_task_deadline": (
        gettext_lazy("Thời hạn không hợp lệ."),
        gettext_lazy("Chọn một ngày từ hôm nay trở đi, hoặc từ 1 đến 260 ngày làm việc."),
    ),
    "bad_step": (
        gettext_lazy("Bước này còn thiếu nội dung."),
        gettext_lazy("Viết rõ đã làm gì hoặc vì sao; phần trăm là số từ 0 đến 100."),
    ),
    "step_out_of_turn": (
        gettext_lazy("Nhiệm vụ không còn ở trạng thái cho phép bước này."),
        gettext_lazy("Xem lại nhiệm vụ: có thể người khác vừa cập nhật."),
    ),
    "broken_book": (
        gettext_lazy("Sổ công bố của báo cáo này bị hỏng, nên báo cáo không được hiện ra."),
        gettext_lazy("Báo người vận hành khôi phục thư mục publication từ bản sao lưu."),
    ),
    "no_document_number": (
        gettext_lazy("Chưa có số văn bản."),
        gettext_lazy("Ghi số do văn thư cấp, ví dụ 48/BC-BKHCN."),
    ),
    "target_value": (
        gettext_lazy("Giá trị phải đạt không hợp lệ."),
        gettext_lazy("Viết một số không âm; tỷ lệ thì từ 0 đến 100."),
    ),
    "target_direction": (
        gettext_lazy("Chỉ số này càng nhỏ càng tốt nên chưa đặt chỉ tiêu được."),
        gettext_lazy("Chọn chỉ số càng lớn càng tốt."),
    ),
    "target_whose": (
        gettext_lazy("Chỉ tiêu phải của một khối hoặc của một bộ, tỉnh đang có."),
        gettext_lazy("Chọn khối, hoặc viết mã một bộ, tỉnh; không cả hai."),
    ),
    "target_days": (
        gettext_lazy("Ngày thôi áp dụng trước ngày bắt đầu áp dụng."),
        gettext_lazy("Sửa một trong hai ngày, hoặc để trống."),
    ),
    "target_words": (
        gettext_lazy("Chỉ tiêu thiếu tên hoặc căn cứ."),
        gettext_lazy("Viết tên bằng cả hai ngôn ngữ, văn bản và chỗ nêu chỉ tiêu trong văn bản."),
    ),
    "target_note": (
        gettext_lazy("Thay đổi cần ghi lý do."),
        gettext_lazy("Ghi lý do trong một câu."),
    ),
    "target_changed": (
        gettext_lazy("Có người vừa sửa chỉ tiêu này."),
        gettext_lazy("Mở lại chỉ tiêu, xem bản mới rồi sửa."),
    ),
    "unknown_indicator": (
        gettext_lazy("Không có chỉ số này."),
        gettext_lazy("Chọn một chỉ số trong danh sách."),
    ),
    "unknown_version": (
        gettext_lazy("Không có phiên bản định nghĩa này."),
        gettext_lazy("Chọn một phiên bản trong danh sách ở trang Phương pháp."),
    ),
}
